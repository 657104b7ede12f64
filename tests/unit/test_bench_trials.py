"""The bench of the matching measures what it says: every made-up study is read, matched and told apart."""

from bench.trials import made_up
from cds_rules.trials.catalogue import FOR_RELAPSE
from cds_rules.trials.trial import Origin


def test_the_made_up_studies_are_all_read_and_ask_different_things() -> None:
    trials = made_up(60)
    assert len(trials.trials) == len(FOR_RELAPSE) + 60
    studied = [t for t in trials.trials if t.study]
    assert len({t.criteria for t in studied}) > 50
    lines = [c for t in studied for c in t.criteria if c.origin is Origin.TEXT]
    assert any(c.asks for c in lines)
    assert any(c.about and not c.asks for c in lines)
