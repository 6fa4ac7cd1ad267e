#!/usr/bin/env python3
"""Writes expected.json: what the tests of lifetime value expect, computed without the product.

Needs Python 3.9 and mpmath (1.3.0 was used). The models are written down as the papers have them: gamma functions by
math.lgamma, Gauss' hypergeometric function by mpmath with 50 digits, the maximum by a Nelder-Mead search of its own.

    python3 tests/data/lifetime_value/expected.py
"""

import csv
import gzip
import json
import math
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from mpmath import hyp2f1, mp, mpf

mp.dps = 50
HERE = Path(__file__).parent
LEDGER = HERE.parents[2] / "data" / "cdnow_sample.csv.gz"
MONTH = mpf("4.345")


def histories(as_of):
    """x, t_x and T in days, and what was spent on all days but the first, by customer."""
    days = defaultdict(lambda: defaultdict(Decimal))
    with gzip.open(LEDGER, "rt") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["date"])
            if day <= as_of:
                days[row["customer_id"]][day] += Decimal(row["amount"])
    known = {}
    for customer, spent in days.items():
        first, last = min(spent), max(spent)
        repeat_spent = sum((amount for day, amount in spent.items() if day != first), Decimal(0))
        known[customer] = (len(spent) - 1, (last - first).days, (as_of - first).days, repeat_spent)
    return known


def nelder_mead(function, start):
    """The place of the least value, by the method of 1965, begun again where it ended."""
    for _ in range(4):
        size = len(start)
        corners = [list(start)]
        for index in range(size):
            corner = list(start)
            corner[index] += 0.5
            corners.append(corner)
        points = sorted((function(corner), corner) for corner in corners)
        for _ in range(2000):
            if points[-1][0] - points[0][0] < 1e-10:
                break
            middle = [sum(point[1][index] for point in points[:-1]) / size for index in range(size)]
            along = lambda by: [m + by * (w - m) for m, w in zip(middle, points[-1][1])]
            reflected = along(-1.0)
            value = function(reflected)
            if value < points[0][0]:
                expanded = along(-2.0)
                further = function(expanded)
                points[-1] = (further, expanded) if further < value else (value, reflected)
            elif value < points[-2][0]:
                points[-1] = (value, reflected)
            else:
                contracted = along(-0.5 if value < points[-1][0] else 0.5)
                nearer = function(contracted)
                if nearer < min(value, points[-1][0]):
                    points[-1] = (nearer, contracted)
                else:
                    best = points[0][1]
                    shrunk = [[b + 0.5 * (p - b) for b, p in zip(best, point[1])] for point in points[1:]]
                    points = [points[0]] + [(function(corner), corner) for corner in shrunk]
            points.sort()
        start = points[0][1]
    return points[0]


def bg_nbd_likelihood(groups, parameters):
    r, alpha, a, b = parameters
    total = 0.0
    lg = math.lgamma
    for (x, t_x, age), customers in groups.items():
        t_x, age = t_x / 7, age / 7
        value = lg(r + x) - lg(r) + r * math.log(alpha) + lg(a + b) + lg(b + x) - lg(b) - lg(a + b + x)
        alive = -(r + x) * math.log(alpha + age)
        if x > 0:
            left = math.log(a) - math.log(b + x - 1) - (r + x) * math.log(alpha + t_x)
            top = max(alive, left)
            alive = top + math.log(math.exp(alive - top) + math.exp(left - top))
        total += customers * (value + alive)
    return total


def gamma_gamma_likelihood(amounts, parameters):
    p, q, v = parameters
    lg = math.lgamma
    total = 0.0
    for x, mean in amounts:
        total += lg(p * x + q) - lg(p * x) - lg(q) + q * math.log(v) + (p * x - 1) * math.log(mean)
        total += p * x * math.log(x) - (p * x + q) * math.log(v + x * mean)
    return total


def maximum(likelihood, data, start):
    value, place = nelder_mead(lambda logs: -likelihood(data, [math.exp(log) for log in logs]), [math.log(s) for s in start])
    return [math.exp(log) for log in place], -value


def p_alive(parameters, x, t_x, age):
    r, alpha, a, b = map(mpf, parameters)
    if x == 0:
        return mpf(1)
    return 1 / (1 + a / (b + x - 1) * ((alpha + mpf(age) / 7) / (alpha + mpf(t_x) / 7)) ** (r + x))


def expected_purchases_if_alive(parameters, x, age, t):
    r, alpha, a, b = map(mpf, parameters)
    if a == 1:
        a += mpf(10) ** -25
    scale = alpha + mpf(age) / 7
    factor = hyp2f1(r + x, b + x, a + b + x - 1, t / (scale + t))
    return (a + b + x - 1) / (a - 1) * (1 - (scale / (scale + t)) ** (r + x) * factor)


def value(bg_nbd, gamma_gamma, x, t_x, age, spent):
    p, q, v = map(mpf, gamma_gamma)
    average = p * (v + mpf(str(spent))) / (p * x + q - 1)
    alive = p_alive(bg_nbd, x, t_x, age)
    discounted, before = mpf(0), mpf(0)
    for month in range(1, 13):
        purchases = expected_purchases_if_alive(bg_nbd, x, age, month * MONTH)
        discounted += (purchases - before) / mpf("1.01") ** month
        before = purchases
    return average, average * alive * discounted


def fitted(as_of, told):
    known = histories(as_of)
    groups = Counter(history[:3] for history in known.values())
    bg_nbd, likelihood = maximum(bg_nbd_likelihood, groups, [1.0, 10.0, 1.0, 3.0])
    amounts = [(x, float(spent) / x) for x, _, _, spent in known.values() if x > 0 and spent > 0]
    gamma_gamma, spending_likelihood = maximum(gamma_gamma_likelihood, amounts, [5.0, 3.0, 10.0])
    customers = []
    for customer in told:
        x, t_x, age, spent = known[customer]
        average, worth = value(bg_nbd, gamma_gamma, x, t_x, age, spent)
        alive = p_alive(bg_nbd, x, t_x, age)
        purchases = {
            str(weeks): float(alive * expected_purchases_if_alive(bg_nbd, x, age, mpf(weeks))) for weeks in (1, 26, 52)
        }
        customers.append({
            "externalId": customer, "repeats": x, "recencyDays": t_x, "ageDays": age, "repeatSpent": str(spent),
            "pAlive": float(alive), "expectedPurchases": purchases, "expectedAverageValue": float(average),
            "predictedLifetimeValue": float(worth),
        })
    return {
        "asOf": as_of.isoformat(), "customers": len(known), "repeatCustomers": sum(x > 0 for x, *_ in known.values()),
        "spendingCustomers": len(amounts),
        "bgNbd": dict(zip(["r", "alpha", "a", "b"], bg_nbd)), "logLikelihood": likelihood,
        "gammaGamma": dict(zip(["p", "q", "v"], gamma_gamma)), "spendingLogLikelihood": spending_likelihood,
        "predictions": customers,
    }


def purchases():
    """Expected purchases where formulas are delicate: a = 1 and near it, many repeats, hardly any churn, z near 1."""
    parameters = [
        (0.243, 4.414, 0.793, 2.426), (0.243, 4.414, 1, 2.426), (0.243, 4.414, 1.0000001, 2.426), (2, 5, 3.5, 1.5),
        (0.5, 10, 0.001, 8), (1.3, 0.2, 0.6, 0.7), (60, 50, 0.4, 0.8), (0.05, 0.01, 2, 30),
    ]
    people = [(0, 0, 0), (0, 0, 273), (1, 3, 4), (4, 200, 273), (40, 250, 273), (300, 3600, 3650)]
    cases = []
    for model in parameters:
        for x, t_x, age in people:
            for weeks in (1, 52):
                expected = p_alive(model, x, t_x, age) * expected_purchases_if_alive(model, x, age, mpf(weeks))
                cases.append([*model, x, t_x, age, weeks, float(expected)])
    return cases


if __name__ == "__main__":
    told = ["00004", "00021", "00050", "00111", "00245", "01516", "15562", "03271", "08830", "23551"]
    known = histories(date(1998, 7, 1))
    told = [customer for customer in told if customer in known]
    told += [customer for customer in sorted(known) if customer not in told][:: len(known) // 12][:12]
    document = {
        "calibration": fitted(date(1997, 9, 30), told[:3]),
        "whole": fitted(date(1998, 7, 1), told),
        "purchases": purchases(),
    }
    (HERE / "expected.json").write_text(json.dumps(document, indent=1) + "\n")
