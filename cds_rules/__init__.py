"""The clinical model of relapsed acute lymphoblastic leukemia. Standard library only.

`assess(timeline, on)` is the public face; everything else is reached through what it returns.
`assessment_to_dict` gives its result as JSON-ready data, version 1.
"""

from cds_rules.assess import assess
from cds_rules.assessment import Assessment
from cds_rules.contract import assessment_to_dict

__all__ = ["Assessment", "assess", "assessment_to_dict"]
