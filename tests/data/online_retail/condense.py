#!/usr/bin/env python3
"""Writes invoices.csv.gz: the whole of Online Retail with one line for each invoice instead of each of its articles.

    python3 tests/data/online_retail/condense.py data/online_retail.csv.gz

Needs Python 3.9 and nothing else. README.md says what the condensed file keeps.
"""

import csv
import gzip
import io
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

HERE = Path(__file__).parent


def invoices(path):
    """Instant, customer, country and sum by number, in the order of their last lines; lines without a customer left out."""
    known = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["CustomerID"]:
                continue
            number, country = row["InvoiceNo"], row["Country"]
            moment, customer, country, total = known.pop(number, (row["InvoiceDate"], row["CustomerID"], country, Decimal(0)))
            assert customer == row["CustomerID"], number
            total += int(row["Quantity"]) * Decimal(row["UnitPrice"])
            known[number] = (min(moment, row["InvoiceDate"]), customer, country, total)
    return known


def main():
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"])
    for number, (moment, customer, country, total) in invoices(sys.argv[1]).items():
        sign = -1 if number.startswith("C") else 1
        amount = (sign * total).quantize(Decimal("0.01"), ROUND_HALF_UP)
        lines.writerow([number, "M", "", sign, moment, amount, customer, country])
    # Without a name and a time, so that the same lines make the same file.
    (HERE / "invoices.csv.gz").write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
