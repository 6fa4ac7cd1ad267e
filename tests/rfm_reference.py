#!/usr/bin/env python3
"""Scores the customers of the CDNOW sample by recency, frequency and monetary value, by counting.

Python's standard library alone; shares no line with the product. Each score is 1 + floor(5 w / n), where w of the n
customers have a strictly worse value. Writes the scores of each customer as of 1998-07-01, and what the whole comes to
then and as of 1997-09-30:

    python3 tests/rfm_reference.py
"""

import csv
import datetime
import gzip
import json
from decimal import Decimal

SEGMENTS = {
    "CHAMPIONS": "555 554 544 545 454 455 445",
    "LOYAL": "543 444 435 355 354 345 344 335",
    "POTENTIAL_LOYALIST": "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 333 323",
    "NEW_CUSTOMERS": "512 511 422 421 412 411 311",
    "PROMISING": "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313",
    "NEED_ATTENTION": "535 534 443 434 343 334 325 324",
    "ABOUT_TO_SLEEP": "331 321 312 221 213 231 241 251",
    "AT_RISK": "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124",
    "CANNOT_LOSE_THEM": "155 154 144 214 215 115 114 113",
    "HIBERNATING": "332 322 233 232 223 222 132 123 122 212 211",
    "LOST": "111 112 121 131 141 151",
}
SEGMENT_OF = {code: segment for segment, codes in SEGMENTS.items() for code in codes.split()}


def score_all(rows, as_of):
    """The scores of each customer, with their figures."""
    figures = {}
    for row in rows:
        date = datetime.date.fromisoformat(row["date"])
        if date <= as_of:
            idle, purchases, spent = figures.get(row["customer_id"], (10**9, 0, Decimal(0)))
            figures[row["customer_id"]] = (
                min(idle, (as_of - date).days), purchases + 1, spent + Decimal(row["amount"]),
            )
    n = len(figures)
    worse = [
        {value: sum(1 for other in figures.values() if is_worse(other[place], value))
         for value in {each[place] for each in figures.values()}}
        for place, is_worse in enumerate([lambda a, b: a > b, lambda a, b: a < b, lambda a, b: a < b])
    ]
    return {
        customer: (figure, tuple(1 + 5 * worse[place][figure[place]] // n for place in range(3)))
        for customer, figure in figures.items()
    }


def summary(scores):
    """Population, cut points, grid and segments."""
    grid, segments = {}, {}
    for (_, _, spent), (r, f, m) in scores.values():
        for table, key in ((grid, f"{r}{f}"), (segments, SEGMENT_OF[f"{r}{f}{m}"])):
            customers, revenue = table.get(key, (0, Decimal(0)))
            table[key] = (customers + 1, revenue + spent)
    cut_points = []
    for score in range(1, 6):
        having = [[figure[place] for figure, each in scores.values() if each[place] == score] for place in range(3)]
        r, f, m = max(having[0], default=None), min(having[1], default=None), min(having[2], default=None)
        cut_points.append([score, r, f, None if m is None else str(m)])
    return {
        "population": len(scores),
        "cutPoints": cut_points,
        "grid": [[int(key[0]), int(key[1]), n, str(revenue)] for key, (n, revenue) in sorted(grid.items())],
        "segments": {key: [n, str(revenue)] for key, (n, revenue) in sorted(segments.items())},
    }


def main():
    with gzip.open("data/cdnow_sample.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    days = [datetime.date(1997, 9, 30), datetime.date(1998, 7, 1)]
    scored = {day.isoformat(): score_all(rows, day) for day in days}
    with open("tests/data/rfm_cdnow.json", "w") as file:
        json.dump({day: summary(scores) for day, scores in scored.items()}, file, indent=1)
        file.write("\n")
    with open("tests/data/rfm_cdnow.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["customer_id", "score", "segment"])
        for customer, (_, (r, f, m)) in sorted(scored["1998-07-01"].items()):
            writer.writerow([customer, f"{r}{f}{m}", SEGMENT_OF[f"{r}{f}{m}"]])


main()
