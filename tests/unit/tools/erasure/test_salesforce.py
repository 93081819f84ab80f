import pytest

from lakehouse_tools.erasure.salesforce import Standing
from lakehouse_tools.errors import RequestError


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        (Standing(living=("Contact 1", "Contact 2")), "Salesforce still has Contact 1, Contact 2:"),
        (Standing(in_bin=("Lead 3",)), "recycle bin still has Lead 3:"),
        (Standing(living=("Contact 1",), in_bin=("Lead 3",)), "Salesforce still has Contact 1:"),
        (Standing(living=tuple("abcde")), "still has a, b, c and 2 more:"),
        (Standing(unasked="no answer"), r"could not be asked whether .* \(no answer\)"),
    ],
)
def test_what_a_later_run_would_bring_back_is_refused(standing, why):
    with pytest.raises(RequestError, match=f"{why}.*--allow-return"):
        standing.require_gone()


def test_what_is_gone_is_not():
    Standing().require_gone()
