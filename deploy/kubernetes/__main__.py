"""`python -m deploy.kubernetes`: makes again what is made from other files."""

import sys
from pathlib import Path

from deploy.kubernetes.made import RatesTooLarge, prometheus_rules, rates_config_map

DEPLOY = Path(__file__).parent.parent
HERE = Path(__file__).parent


def made() -> dict[Path, str]:
    """Every file that is made, and what it says."""
    rules = {path.stem: path.read_text(encoding="utf-8") for path in (DEPLOY / "prometheus" / "rules").glob("*.yml")}
    return {
        HERE / "components" / "monitoring" / "prometheusrules.yaml": prometheus_rules(rules),
        HERE / "base" / "rates.yaml": rates_config_map(DEPLOY / "sample"),
    }


def main() -> None:
    """Write them, and say which changed."""
    try:
        texts = made()
    except RatesTooLarge as error:
        sys.exit(str(error))
    for path, text in texts.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(DEPLOY.parent))


if __name__ == "__main__":
    main()
