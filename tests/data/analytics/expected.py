#!/usr/bin/env python3
"""Writes expected.json: what the tests of analytics expect, computed without the product, one customer and one instant
at a time. Needs Python 3.9 and nothing else.

    python3 tests/data/analytics/expected.py
"""

import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "data"
DAYS = {"DAY": 1, "WEEK": 7, "MONTH": 30, "YEAR": 365}
TIERS = [("Bronze", 0), ("Silver", 500), ("Gold", 2000), ("Platinum", 5000)]
# ISO 3166-1, of the countries in the data.
COUNTRIES = {
    "Argentina": "AR", "Austria": "AT", "Belgium": "BE", "Brazil": "BR", "Canada": "CA", "Denmark": "DK",
    "Finland": "FI", "France": "FR", "Germany": "DE", "Ireland": "IE", "Italy": "IT", "Mexico": "MX",
    "Norway": "NO", "Poland": "PL", "Portugal": "PT", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH",
    "UK": "GB", "USA": "US", "Venezuela": "VE",
}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def cdnow():
    """Customers by id: since, country, and orders as (placed, delivered or None, total)."""
    orders = defaultdict(list)
    with gzip.open(DATA / "cdnow_sample.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            day = at(row["date"])
            orders[row["customer_id"]].append((day, day, Decimal(row["amount"])))
    return {key: (min(order[0] for order in own), None, own) for key, own in orders.items()}


def northwind():
    with open(DATA / "northwind_customers.csv", encoding="utf-8") as file:
        people = {row["customer_id"]: row for row in csv.DictReader(file)}
    orders = defaultdict(list)
    with open(DATA / "northwind_orders.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            shipped = at(row["shipped_date"]) if row["shipped_date"] else None
            orders[row["customer_id"]].append((at(row["order_date"]), shipped, Decimal(row["order_total"])))
    return {
        key: (at(row["customer_since"]), COUNTRIES[row["country"]], orders[key]) for key, row in people.items()
    }


def instant(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def money(amount):
    return str(amount.quantize(Decimal("0.01")))


def mean(total, count):
    """Rounded half up: 0.5 goes up, below zero as well."""
    if count == 0:
        return "0.00"
    return money((total / count * 100 + Decimal("0.5")).to_integral_value(ROUND_FLOOR) / 100)


def metrics(customer, now):
    since, _, orders = customer
    placed = [order for order in orders if order[0] <= now]
    bought = [order for order in orders if order[1] is not None and order[1] <= now]
    spent = sum((order[2] for order in bought), Decimal(0))
    first = min((order[0] for order in placed), default=None)
    last = max((order[0] for order in placed), default=None)
    purchase = max((order[1] for order in bought), default=None)
    idle = max((now - (purchase or since)).days, 0)
    gap = (last - first) // ((len(placed) - 1) * timedelta(days=1)) if len(placed) > 1 else 30
    gap = gap or 30
    risk = "HIGH" if idle > 2 * gap else "MEDIUM" if 2 * idle > 3 * gap else "LOW"
    engagement = None
    if purchase:
        away = now - purchase
        engagement = (
            "ACTIVE" if away <= timedelta(days=30) else "AT_RISK" if away <= timedelta(days=90) else "INACTIVE"
        )
    return {
        "asOf": instant(now),
        "totalOrders": len(placed),
        "deliveredOrders": len(bought),
        "totalSpent": money(spent),
        "averageOrderValue": mean(spent, len(bought)),
        "lifetimeValue": money(spent),
        "firstOrderDate": instant(first),
        "lastOrderDate": instant(last),
        "lastPurchaseDate": instant(purchase),
        "customerSegment": "PREMIUM" if spent >= 5000 else "STANDARD" if spent >= 1000 else "BASIC",
        "engagement": engagement,
        "churnRisk": risk,
    }


def start(interval, day):
    day = day.replace(hour=0, minute=0, second=0, microsecond=0)
    if interval == "WEEK":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval == "MONTH" else day


def series(customers, now, interval, count):
    starts = [start(interval, now)]
    while len(starts) < count:
        starts.insert(0, start(interval, starts[0] - timedelta(days=1)))
    after = {"DAY": 1, "WEEK": 7, "MONTH": 31}[interval]
    points = []
    for begin in starts:
        end = start(interval, begin + timedelta(days=after))
        until = min(end - timedelta(milliseconds=1), now)
        within = lambda moment: moment is not None and begin <= moment <= until
        orders = [(key, order) for key, customer in customers.items() for order in customer[2]]
        bought = [(key, order) for key, order in orders if within(order[1])]
        points.append({
            "start": begin.strftime("%Y-%m-%d"),
            "end": end.strftime("%Y-%m-%d"),
            "isComplete": end <= now,
            "newCustomers": sum(within(customer[0]) for customer in customers.values()),
            "orders": sum(within(order[0]) for _, order in orders),
            "revenue": money(sum((order[2] for _, order in bought), Decimal(0))),
            "activeCustomers": len({key for key, _ in bought}),
            "churnedCustomers": sum(
                metrics(customer, until)["churnRisk"] == "HIGH"
                for customer in customers.values() if customer[0] <= until
            ),
        })
    return points


def cohorts(customers, now, count):
    number = lambda moment: moment.year * 12 + moment.month
    months = [{number(order[1]) for order in customer[2] if order[1] and order[1] <= now} for customer in customers.values()]
    told = []
    for month in range(number(now) - count + 1, number(now) + 1):
        own = [bought for bought in months if bought and min(bought) == month]
        if own:
            cells = [sum(other in bought for bought in own) for other in range(month, number(now) + 1)]
            told.append({
                "month": f"{(month - 1) // 12}-{(month - 1) % 12 + 1:02}-01",
                "customers": len(own),
                "cells": [
                    {"monthsAfter": k, "customers": n, "rate": n / len(own), "isComplete": k + 1 < len(cells)}
                    for k, n in enumerate(cells)
                ],
            })
    return told


def analytics(everyone, now, timeframe):
    since = now - timedelta(days=DAYS[timeframe])
    customers = {key: customer for key, customer in everyone.items() if customer[0] <= now}
    figures = {key: metrics(customer, now) for key, customer in customers.items()}
    within = lambda moment: moment is not None and since <= moment <= now
    spent = {key: Decimal(own["totalSpent"]) for key, own in figures.items()}
    total = sum(spent.values(), Decimal(0))
    buyers = sum(own["totalOrders"] >= 1 for own in figures.values())
    repeat = sum(own["totalOrders"] > 1 for own in figures.values())
    segments = Counter(own["customerSegment"] for own in figures.values())
    tiers = Counter([name for name, least in TIERS if amount >= least][-1] for amount in spent.values())
    recent = {}
    for key, (_, country, orders) in customers.items():
        bought = [order[2] for order in orders if within(order[1])]
        if bought:
            recent[key] = (sum(bought), country)
    countries = defaultdict(lambda: [0, Decimal(0)])
    for amount, country in recent.values():
        countries[country][0] += 1
        countries[country][1] += amount
    return {
        "asOf": instant(now),
        "since": instant(since),
        "totalCustomers": len(customers),
        "newCustomers": sum(within(customer[0]) for customer in customers.values()),
        "activeCustomers": sum(
            own["lastPurchaseDate"] is not None and instant(since) <= own["lastPurchaseDate"]
            for own in figures.values()
        ),
        "churnedCustomers": sum(own["churnRisk"] == "HIGH" for own in figures.values()),
        "averageLTV": mean(total, len(customers)),
        "averageOrderValue": mean(total, sum(own["deliveredOrders"] for own in figures.values())),
        "repeatPurchaseRate": 100 * repeat / buyers if buyers else 0,
        "customersBySegment": [
            {"segment": name, "count": segments[name]} for name in ["PREMIUM", "STANDARD", "BASIC"] if segments[name]
        ],
        "customersByTier": [{"tier": {"name": name}, "count": tiers[name]} for name, _ in TIERS if tiers[name]],
        "topCustomers": [
            {"customer": {"externalId": key}, "revenue": money(recent[key][0])}
            for key in sorted(recent, key=lambda key: -recent[key][0])[:5]
        ],
        "revenueByCountry": [
            {"country": country, "customers": count, "revenue": money(amount)}
            for country, (count, amount) in sorted(countries.items(), key=lambda entry: -entry[1][1])
        ],
    }


def expected(customers, cases, months, people):
    told = {"analytics": [], "customers": []}
    for timeframe, moment, interval, count in cases:
        now = at(moment)
        figures = analytics(customers, now, timeframe)
        joined = {key: customer for key, customer in customers.items() if customer[0] <= now}
        figures["series"] = series(joined, now, interval, count)
        figures["cohorts"] = cohorts(joined, now, months)
        told["analytics"].append({"timeframe": timeframe, "interval": interval, "count": count, **figures})
    for moment in sorted({moment for _, moment, _, _ in cases}):
        for key in people:
            if customers[key][0] <= at(moment):
                told["customers"].append({"externalId": key, **metrics(customers[key], at(moment))})
    return told


CDNOW = [
    ("MONTH", "1997-09-30T00:00:00", "WEEK", 20),
    ("YEAR", "1998-06-30T00:00:00", "MONTH", 20),
    ("DAY", "1997-01-02T00:00:00", "DAY", 5),
]
NORTHWIND = [
    ("WEEK", "1998-05-06T12:00:00", "DAY", 40),
    ("YEAR", "1997-12-31T23:59:59", "MONTH", 18),
    ("MONTH", "1998-06-15T00:00:00", "WEEK", 60),
    ("DAY", "1996-07-01T00:00:00", "DAY", 3),
]
shop = northwind()
result = {
    "cdnow": expected(cdnow(), CDNOW, 18, ["00004", "00050", "00111", "23556"]),
    "northwind": expected(shop, NORTHWIND, 24, sorted(shop)),
}
(HERE / "expected.json").write_text(json.dumps(result, separators=(",", ":")).replace("}},{", "}},\n{") + "\n")
