#!/usr/bin/env python3
"""Writes tests/data/reference: every figure of every customer of the four data sets, computed without the product from
the files in `data/` and the invoices of tests/data/online_retail, one customer at a time, by the definitions of the
metrics alone.

    python3 tests/reference.py

Python's standard library does all but the purchase model, whose functions are those of
tests/data/lifetime_value/expected.py, which needs mpmath. A file holds the figures of some customers, and of all of them
the SHA-256 of their lines: each line is the customer's values in the order of `FIELDS`, divided by `|`.
"""

import csv
import gzip
import hashlib
import importlib.util
import json
import math
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from pathlib import Path

import mpmath

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
CENT = Decimal("0.01")
TIERS = [("Bronze", 0), ("Silver", 500), ("Gold", 2000), ("Platinum", 5000)]
FIELDS = [
    "externalId", "customerSince", "totalOrders", "deliveredOrders", "totalSpent", "averageOrderValue", "firstOrderDate",
    "lastOrderDate", "lastPurchaseDate", "customerSegment", "engagement", "churnRisk", "rfmScore", "rfmSegment", "tier",
    "tierSince", "history", "spendToNextTier",
]
# Of so many customers, evenly spread, all figures are in the file.
SAMPLE = 120


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


model = module(HERE / "data/lifetime_value/expected.py")


def hyp2f1(a, b, c, z):
    """Gauss' series as it stands: where the likelihood is flat, parameters are huge, and mpmath looks for a better way for
    ever. All terms are positive, and z is below 1."""
    total, term, n = mpmath.mpf(1), mpmath.mpf(1), 0
    while term > total * mpmath.mpf(10) ** -30:
        term *= (a + n) * (b + n) / (c + n) * z / (n + 1)
        total += term
        n += 1
    return total


model.hyp2f1 = hyp2f1


def segments():
    """The segment of each code: the table stands in tests/rfm_reference.py, which runs when it is loaded."""
    text = (HERE / "rfm_reference.py").read_text()
    names = {}
    exec(text[text.index("SEGMENTS = {"):text.index("def score_all")], names)
    return names["SEGMENT_OF"]


SEGMENT_OF = segments()


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def rows(name):
    path = DATA / name
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# Customers by id: since, orders as (placed, delivered or None, total), refunds as (instant, amount).


def northwind():
    people = {row["customer_id"]: (at(row["customer_since"]), [], []) for row in rows("northwind_customers.csv")}
    for row in rows("northwind_orders.csv"):
        shipped = at(row["shipped_date"]) if row["shipped_date"] else None
        people[row["customer_id"]][1].append((at(row["order_date"]), shipped, Decimal(row["order_total"])))
    return people


def chinook():
    people = {row["customer_id"]: (at(row["customer_since"]), [], []) for row in rows("chinook_customers.csv")}
    for row in rows("chinook_invoices.csv"):
        day = at(row["invoice_date"])
        people[row["customer_id"]][1].append((day, day, Decimal(row["total"])))
    return people


def cdnow():
    people = defaultdict(list)
    for row in rows("cdnow_sample.csv.gz"):
        day = at(row["date"])
        people[row["customer_id"]].append((day, day, Decimal(row["amount"])))
    return {key: (min(order[0] for order in own), own, []) for key, own in people.items()}


def online_retail():
    invoices = {}
    for row in rows(HERE / "data/online_retail/invoices.csv.gz"):
        if not row["CustomerID"]:
            continue
        moment = at(row["InvoiceDate"])
        key = (row["CustomerID"], row["InvoiceNo"])
        first, total = invoices.get(key, (moment, Decimal(0)))
        invoices[key] = (min(first, moment), total + int(row["Quantity"]) * Decimal(row["UnitPrice"]))
    people = defaultdict(lambda: ([], []))
    for (customer, invoice), (moment, total) in invoices.items():
        orders, refunds = people[customer]
        if invoice.startswith("C"):
            refunds.append((moment, (-total).quantize(CENT, ROUND_HALF_UP)))
        else:
            orders.append((moment, moment, total.quantize(CENT, ROUND_HALF_UP)))
    return {
        key: (min(entry[0] for entry in orders + refunds), orders, refunds) for key, (orders, refunds) in people.items()
    }


def instant(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def mean(total, count):
    """Rounded half up: 0.5 goes up, below zero as well."""
    if count == 0:
        return Decimal("0.00")
    return (total / count * 100 + Decimal("0.5")).to_integral_value(ROUND_FLOOR) / 100


def held(since, movements):
    """The tiers, each with the instant from which on it was held, the first first."""
    balances = defaultdict(Decimal)
    for moment, amount in movements:
        balances[moment] += amount
    told, spent = [("Bronze", since)], Decimal(0)
    for moment in sorted(balances):
        spent += balances[moment]
        name = [name for name, least in TIERS if spent >= least or least == 0][-1]
        if name != told[-1][0]:
            if told[-1][1] == moment:
                told.pop()
            told.append((name, moment))
    return told


def figures(customer, now):
    since, orders, refunds = customer
    placed = [order for order in orders if order[0] <= now]
    bought = [order for order in orders if order[1] is not None and order[1] <= now]
    returned = [refund for refund in refunds if refund[0] <= now]
    spent = sum((order[2] for order in bought), Decimal(0)) - sum((refund[1] for refund in returned), Decimal(0))
    first = min((order[0] for order in placed), default=None)
    last = max((order[0] for order in placed), default=None)
    purchase = max((order[1] for order in bought), default=None)
    idle = max((now - (purchase or since)).days, 0)
    gap = ((last - first) // ((len(placed) - 1) * timedelta(days=1)) if len(placed) > 1 else 30) or 30
    away = now - purchase if purchase else None
    # Data are imported as a whole, and tiers settled then: who ends on the tier on which they began has not moved.
    history = held(since, [(o[1], o[2]) for o in bought] + [(moment, -amount) for moment, amount in returned])
    if history[-1][0] == "Bronze":
        history = [("Bronze", since)]
    rank = [name for name, _ in TIERS].index(history[-1][0])
    return {
        "customerSince": instant(since),
        "totalOrders": len(placed),
        "deliveredOrders": len(bought),
        "totalSpent": str(spent.quantize(CENT)),
        "averageOrderValue": str(mean(spent, len(bought)).quantize(CENT)),
        "firstOrderDate": instant(first),
        "lastOrderDate": instant(last),
        "lastPurchaseDate": instant(purchase),
        "customerSegment": "PREMIUM" if spent >= 5000 else "STANDARD" if spent >= 1000 else "BASIC",
        "engagement": None if away is None else
            "ACTIVE" if away <= timedelta(days=30) else "AT_RISK" if away <= timedelta(days=90) else "INACTIVE",
        "churnRisk": "HIGH" if idle > 2 * gap else "MEDIUM" if 2 * idle > 3 * gap else "LOW",
        "tier": history[-1][0],
        "tierSince": instant(history[-1][1]),
        "history": " ".join(f"{name}@{instant(moment)}" for name, moment in reversed(history)),
        "spendToNextTier": str((TIERS[rank + 1][1] - spent).quantize(CENT)) if rank < 3 else None,
        "spent": spent,
        "idle": idle,
    }


def scored(people):
    """Adds the scores, by counting who is worse."""
    buyers = [own for own in people.values() if own["deliveredOrders"] > 0]
    for own in people.values():
        own["rfmScore"] = own["rfmSegment"] = None
    for own in buyers:
        worse = [
            sum(other["idle"] > own["idle"] for other in buyers),
            sum(other["deliveredOrders"] < own["deliveredOrders"] for other in buyers),
            sum(other["spent"] < own["spent"] for other in buyers),
        ]
        own["rfmScore"] = "".join(str(1 + 5 * count // len(buyers)) for count in worse)
        own["rfmSegment"] = SEGMENT_OF[own["rfmScore"]]


def headline(people, now, days):
    since = instant(now - timedelta(days=days))
    spent = sum((own["spent"] for own in people.values()), Decimal(0))
    purchases = sum(own["deliveredOrders"] for own in people.values())
    buyers = sum(own["totalOrders"] >= 1 for own in people.values())
    repeat = sum(own["totalOrders"] > 1 for own in people.values())
    by_segment = Counter(own["customerSegment"] for own in people.values())
    by_tier = Counter(own["tier"] for own in people.values())
    return {
        "totalCustomers": len(people),
        "newCustomers": sum(own["customerSince"] >= since for own in people.values()),
        "activeCustomers": sum((own["lastPurchaseDate"] or "") >= since for own in people.values()),
        "churnedCustomers": sum(own["churnRisk"] == "HIGH" for own in people.values()),
        "averageLTV": str(mean(spent, len(people)).quantize(CENT)),
        "averageOrderValue": str(mean(spent, purchases).quantize(CENT)),
        "repeatPurchaseRate": 100 * repeat / buyers if buyers else 0,
        "customersBySegment": [
            {"segment": name, "count": by_segment[name]} for name in ["PREMIUM", "STANDARD", "BASIC"] if by_segment[name]
        ],
        "customersByTier": [{"tier": {"name": name}, "count": by_tier[name]} for name, _ in TIERS if by_tier[name]],
    }


def cohorts(customers, now):
    number = lambda moment: moment.year * 12 + moment.month - 1
    months = [{number(order[1]) for order in customer[1] if order[1] and order[1] <= now} for customer in customers.values()]
    told = []
    for month in sorted({min(bought) for bought in months if bought}):
        own = [bought for bought in months if bought and min(bought) == month]
        cells = [sum(other in bought for bought in own) for other in range(month, number(now) + 1)]
        told.append([f"{month // 12}-{month % 12 + 1:02}-01", cells])
    return told


def purchase_model(customers, now):
    """Fits of both models, and what they tell of the customers by their history."""
    known = {}
    for key, (_, orders, _) in customers.items():
        days = defaultdict(Decimal)
        for _, delivered, total in orders:
            if delivered and delivered <= now:
                days[delivered.date()] += total
        if days:
            first, last = min(days), max(days)
            spent = sum((amount for day, amount in days.items() if day != first), Decimal(0))
            known[key] = (len(days) - 1, (last - first).days, (now.date() - first).days, spent)
    groups = Counter(history[:3] for history in known.values())
    starts = [[1.0, 10.0, 1.0, 3.0], [0.5, 3.0, 0.1, 5.0], [5.0, 50.0, 0.5, 10.0]]
    parameters, likelihood = max((model.maximum(model.bg_nbd_likelihood, groups, start) for start in starts), key=lambda fit: fit[1])
    print(parameters, likelihood, flush=True)
    amounts = [(x, float(spent) / x) for x, _, _, spent in known.values() if x > 0 and spent > 0]
    fits = [model.maximum(model.gamma_gamma_likelihood, amounts, start) for start in [[5.0, 3.0, 10.0], [1.0, 2.0, 100.0]]]
    gamma_gamma, spending = max(fits, key=lambda fit: fit[1])
    chosen = sorted(known, key=lambda key: (-known[key][0], key))
    chosen = chosen[:6] + chosen[6:: max(1, len(chosen) // 14)]
    predictions = {}
    for key in chosen:
        x, t_x, age, spent = known[key]
        average, worth = model.value(parameters, gamma_gamma, x, t_x, age, spent)
        alive = model.p_alive(parameters, x, t_x, age)
        predictions[key] = {
            "pAlive": float(alive),
            "expectedPurchases": float(alive * model.expected_purchases_if_alive(parameters, x, age, model.mpf(52))),
            "expectedAverageValue": float(average),
            "predictedLifetimeValue": float(worth),
        }
    return {
        "customers": len(known),
        "repeatCustomers": sum(x > 0 for x, *_ in known.values()),
        "spendingCustomers": len(amounts),
        "bgNbd": parameters,
        "logLikelihood": likelihood,
        "gammaGamma": gamma_gamma,
        "spendingLogLikelihood": spending,
        "predictions": predictions,
    }


def line(key, own):
    values = [key, *(own[field] for field in FIELDS[1:])]
    return "|".join("" if value is None else str(value) for value in values)


def write(name, customers, moment, past, has_model):
    now = at(moment)
    people = {key: figures(customer, now) for key, customer in sorted(customers.items())}
    scored(people)
    lines = [line(key, own) for key, own in people.items()]
    keys = list(people)[:: max(1, len(people) // SAMPLE)]
    # At an instant of the past, from the same ledger: without loyalty, whose memberships are those of now.
    then = {key: figures(customer, at(past)) for key, customer in customers.items() if customer[0] <= at(past)}
    scored(then)
    columns = [field for field in FIELDS[2:14]]
    document = {
        "asOf": instant(now),
        "fields": FIELDS,
        "digest": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "lines": [line(key, people[key]) for key in keys],
        "analytics": {str(days): headline(people, now, days) for days in (1, 7, 30, 365)},
        "cohorts": cohorts(customers, now),
        "past": {
            "asOf": instant(at(past)),
            "lines": [
                "|".join([key, *("" if then[key][f] is None else str(then[key][f]) for f in columns)])
                for key in sorted(then)[:: max(1, len(then) // 40)]
            ],
        },
        "model": purchase_model(customers, now) if has_model else None,
    }
    (HERE / "data/reference").mkdir(exist_ok=True)
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (HERE / f"data/reference/{name}.json").write_text(text + "\n")
    print(name, len(people), document["digest"], document["model"] and {k: v for k, v in document["model"].items() if k != "predictions"})


if __name__ == "__main__":
    write("northwind", northwind(), "1998-06-15T00:00:00", "1997-06-30T00:00:00", True)
    write("chinook", chinook(), "2025-12-31T00:00:00", "2023-07-01T00:00:00", False)
    write("online_retail", online_retail(), "2011-12-10T00:00:00", "2011-06-15T12:00:00", True)
    write("cdnow", cdnow(), "1998-07-01T00:00:00", "1997-09-30T00:00:00", False)
