"""The tests of evaluation need the train extra; without it they are not collected."""

from tests.extras import not_without

collect_ignore_glob = not_without("torch", "lightning")
