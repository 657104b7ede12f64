"""The clinical model of relapsed acute lymphoblastic leukemia. Standard library only.

`assess(timeline, on)` is the public face; everything else is reached through what it returns.
`check_orders` checks draft orders. `assessment_to_dict` gives the Assessment as JSON-ready data, version 1.
"""

from cds_rules.assess import assess
from cds_rules.assessment import Assessment
from cds_rules.contract import assessment_to_dict
from cds_rules.treatment.orders import check_orders

__all__ = ["Assessment", "assess", "assessment_to_dict", "check_orders"]
