"""Exit with 1 unless a demo's summary.json shows what the README promises of the demo."""

import json
import sys
from pathlib import Path

WANTED = {
    "cells_total": 12,
    "placed_ok": 12,
    "polarity_errors": 0,
    "drops": 0,
    "safety_violations": 0,
}

if __name__ == "__main__":
    path = Path(sys.argv[1])
    summary = json.loads(path.read_text()) if path.exists() else {}
    found = {key: summary.get(key) for key in WANTED}
    if found != WANTED:
        sys.exit(f"CI: the demo's summary is not as promised: wanted {WANTED}, found {found}")
    print(f"CI: the demo's summary is as promised: {found}")
