//! Rules as SQL conditions.

use sea_orm::sea_query::{Expr, ExprTrait, Func, SelectStatement, Value};

use super::{
    Edge, Field, Kind, Literal, Quantifier, Rule, Subject, Test,
    joins::{hang, key_of_one, listed},
};
use crate::{
    failure::{Failure, Outcome},
    fold,
    instant::Ago,
    money::Amount,
    store::{Dialect, JsonType, Reading, Values},
};

/// A rule has at most so many tests; the database's own limits lie above.
pub const MOST_TESTS: usize = 200;
/// A rule has at most so many levels.
const MOST_LEVELS: usize = 16;
/// `in` takes at most so many values.
const MOST_VALUES: usize = 1000;
/// The name of a member of a JSON object has at most so many characters.
const LONGEST_NAME: usize = 100;

/// What a rule means depends on who asks, when, and where.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The instant that relative times count from, and the currency of amounts.
    pub reading: Reading,
    /// The database's way of writing.
    pub dialect: Dialect,
    /// Whether personal data may be tested: whoever may not read it may not find it out by filters either.
    pub reads_personal: bool,
    /// Which rows are asked.
    pub asked: Asked,
    /// Whether the bounds of ranges stand in the text of the statement. A database that plans for values that it does not
    /// know takes a range for a part of all rows, say a third: a list of few would be read by the index of its order, or
    /// counted row by row. A statement that is asked again and again is better off with one text and one plan.
    pub states_bounds: bool,
}

/// Which rows a statement asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Some, which are found by something else.
    Some,
    /// The same, to which [`super::join_one`] has joined what edges lead to that is one row at most: many conditions read
    /// it once.
    Joined,
    /// All.
    All,
}

impl Scope {
    /// The condition that a row of `subject` fulfils `rule`.
    ///
    /// # Errors
    /// [`Failure::Malformed`] when the rule is too large, names what is not there, or holds a value of another type;
    /// [`Failure::Forbidden`] when it tests what the viewer may not read.
    pub fn condition(&self, subject: &Subject, rule: &Rule) -> Outcome<Expr> {
        let (tests, levels) = (rule.size(), rule.depth());
        if tests > MOST_TESTS || levels > MOST_LEVELS {
            return Err(Failure::malformed(format!(
                "where: {tests} conditions in {levels} levels are too many; \
                 at most {MOST_TESTS} in {MOST_LEVELS} levels are allowed"
            )));
        }
        self.rule(subject, rule, 0)
    }

    /// 1 where a row of `subject` fulfils `rule`, else 0: what is unknown does not hold.
    ///
    /// # Errors
    /// As [`Scope::condition`].
    pub fn verdict(&self, subject: &Subject, rule: &Rule) -> Outcome<Expr> {
        Ok(Expr::case(self.condition(subject, rule)?, Expr::cust("1")).finally(Expr::cust("0")).into())
    }

    fn rule(&self, subject: &Subject, rule: &Rule, depth: u32) -> Outcome<Expr> {
        let each =
            |rules: &[Rule]| rules.iter().map(|rule| self.rule(subject, rule, depth)).collect::<Outcome<Vec<_>>>();
        Ok(match rule {
            Rule::All(rules) => each(rules)?.into_iter().reduce(Expr::and).unwrap_or_else(|| Expr::cust("1 = 1")),
            Rule::Any(rules) => each(rules)?.into_iter().reduce(Expr::or).unwrap_or_else(|| Expr::cust("1 = 0")),
            Rule::Not(rule) => fails(self.rule(subject, rule, depth)?),
            Rule::Compare { field, test: Test::Null(operator) } => return Err(null(&[field, operator])),
            Rule::Compare { field, test } => self.test(self.field(subject, field)?, test)?,
            Rule::Member { field, json, test: Test::Null(operator), .. } => {
                return Err(null(&[field, json.name(), operator]));
            }
            Rule::Member { field, name, json, test } => self.member(self.field(subject, field)?, name, *json, test)?,
            Rule::Related { edge, quantifier, rule } => {
                let edge = subject.edge(edge).ok_or_else(|| unknown("relation", edge))?;
                self.related(subject, edge, *quantifier, rule, depth)?
            }
            Rule::Counted { edge, rule, test } => {
                let edge = subject.edge(edge).ok_or_else(|| unknown("relation", edge))?;
                self.counted(subject, edge, rule, test, depth)?
            }
        })
    }

    fn field<'a>(&self, subject: &'a Subject, name: &str) -> Outcome<&'a Field> {
        let field = subject.field(name).ok_or_else(|| unknown("condition", name))?;
        if field.is_personal && !self.reads_personal {
            return Err(Failure::Forbidden(format!("where: {} is personal data", field.name)));
        }
        Ok(field)
    }

    fn member(&self, field: &Field, name: &str, json: JsonType, test: &Test) -> Outcome<Expr> {
        let is_plain = |letter: char| !matches!(letter, '"' | '\\') && !letter.is_control();
        if !(1..=LONGEST_NAME).contains(&name.chars().count()) || !name.chars().all(is_plain) {
            return Err(Failure::malformed(format!(
                "where: {}.name: expected 1 to {LONGEST_NAME} characters without quotation marks, backslashes and \
                 control characters",
                field.name
            )));
        }
        let member = self.dialect.member((field.expression)(&self.reading), name, json);
        self.test_of(&Field { kind: json.into(), ..*field }, member, test)
    }

    /// How many of the nodes that `edge` leads to from a row of `subject` fulfil `rule`.
    ///
    /// # Errors
    /// As [`Scope::condition`].
    pub fn count(&self, subject: &Subject, edge: &Edge, rule: &Rule) -> Outcome<Expr> {
        let other = (edge.subject)();
        let mut rows = Self::rows(edge, self.rule(other, rule, 1)?);
        rows.expr(Expr::cust("count(*)"));
        hang(subject, other, edge.join, &mut rows);
        Ok(Expr::SubQuery(None, Box::new(rows.into())))
    }

    fn related(
        &self,
        subject: &Subject,
        edge: &Edge,
        quantifier: Quantifier,
        rule: &Rule,
        depth: u32,
    ) -> Outcome<Expr> {
        let other = (edge.subject)();
        let condition = self.rule(other, rule, depth + 1)?;
        if self.asked == Asked::Joined
            && depth == 0
            && quantifier == Quantifier::Some
            && let Some(key) = key_of_one(edge)
        {
            return Ok(Expr::col(((other.table)(), key)).is_not_null().and(condition));
        }
        let mut rows = Self::rows(edge, if quantifier == Quantifier::Every { fails(condition) } else { condition });
        let found = if self.lists(depth) {
            listed(subject, other, edge.join, rows, false)
        } else {
            rows.expr(Expr::cust("1"));
            hang(subject, other, edge.join, &mut rows);
            Expr::exists(rows)
        };
        Ok(if quantifier == Quantifier::Some { found } else { fails(found) })
    }

    fn counted(&self, subject: &Subject, edge: &Edge, rule: &Rule, test: &Test, depth: u32) -> Outcome<Expr> {
        let number =
            Field { name: edge.name, kind: Kind::Integer, expression: |_| count_of_rows(), is_personal: false };
        if !self.lists(depth) {
            return self.test_of(&number, self.count(subject, edge, rule)?, test);
        }
        // Whoever has none is in no group, so that the list is of those who pass, or of those who do not.
        let (other, is_of_none) = ((edge.subject)(), test.passes(0));
        let passes = self.test(&number, test)?;
        let mut rows = Self::rows(edge, self.rule(other, rule, depth + 1)?);
        rows.and_having(if is_of_none { fails(passes) } else { passes });
        let found = listed(subject, other, edge.join, rows, true);
        Ok(if is_of_none { fails(found) } else { found })
    }

    /// The related rows that fulfil a condition, with no columns yet.
    fn rows(edge: &Edge, condition: Expr) -> SelectStatement {
        let other = (edge.subject)();
        let mut rows = SelectStatement::new();
        rows.from((other.table)())
            .and_where_option(other.live.map(|live| live()))
            .and_where_option(edge.only.map(|only| only()))
            .and_where(condition);
        rows
    }

    /// Whether related rows are a list that is made once for the whole statement. SQLite runs a correlated subquery
    /// again for every row, so that the cost of nested ones multiplies; PostgreSQL joins them.
    fn lists(&self, depth: u32) -> bool {
        (depth > 0 || self.asked == Asked::All) && self.dialect == Dialect::Sqlite
    }

    fn test(&self, field: &Field, test: &Test) -> Outcome<Expr> {
        self.test_of(field, (field.expression)(&self.reading), test)
    }

    fn test_of(&self, field: &Field, expression: Expr, test: &Test) -> Outcome<Expr> {
        let value = |literal: &Literal| self.value(field, literal);
        let bound = |literal: &Literal| {
            Ok::<_, Failure>(match value(literal)? {
                bound @ Value::BigInt(Some(_)) if self.states_bounds => Expr::Constant(bound),
                bound => bound.into(),
            })
        };
        Ok(match test {
            Test::Eq(literal) => expression.eq(value(literal)?),
            Test::Ne(literal) => fails(expression.eq(value(literal)?)),
            Test::In(literals) => self.one_of(field, expression, literals)?,
            Test::NotIn(literals) => fails(self.one_of(field, expression, literals)?),
            Test::Lt(literal) => expression.lt(bound(literal)?),
            Test::Lte(literal) => expression.lte(bound(literal)?),
            Test::Gt(literal) => expression.gt(bound(literal)?),
            Test::Gte(literal) => expression.gte(bound(literal)?),
            Test::Between(least, greatest) => expression.between(bound(least)?, bound(greatest)?),
            Test::Contains(text) => self.dialect.contains(expression, folded_part(field.kind, text)),
            Test::StartsWith(text) => starts_with(expression, field.kind, text),
            Test::IsNull(true) => expression.is_null(),
            Test::IsNull(false) => expression.is_not_null(),
            Test::Null(_) => return Err(mismatch(field)),
        })
    }

    fn one_of(&self, field: &Field, expression: Expr, literals: &[Literal]) -> Outcome<Expr> {
        if literals.len() > MOST_VALUES {
            return Err(Failure::malformed(format!(
                "where: {} has {} values to compare with; at most {MOST_VALUES} are allowed",
                field.name,
                literals.len()
            )));
        }
        if literals.iter().any(Literal::counts_back) {
            // Each may be left open, which a list that is one value cannot be.
            let instants = literals.iter().map(|literal| self.value(field, literal)).collect::<Outcome<Vec<_>>>()?;
            return Ok(expression.is_in(instants));
        }
        Ok(self.dialect.among(expression, &self.values(field, literals)?))
    }

    fn values(&self, field: &Field, literals: &[Literal]) -> Outcome<Values> {
        let (mut texts, mut integers, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut days, mut keys) = (Vec::new(), Vec::new());
        for literal in literals {
            match self.value(field, literal)? {
                Value::String(Some(text)) => texts.push(text),
                Value::BigInt(Some(integer)) => integers.push(integer),
                Value::Double(Some(number)) => numbers.push(number),
                Value::ChronoDate(Some(day)) => days.push(day),
                Value::Uuid(Some(key)) => keys.push(key),
                _ => return Err(mismatch(field)),
            }
        }
        Ok(match field.kind {
            Kind::Text | Kind::Folded | Kind::Email => Values::Texts(texts),
            Kind::Integer | Kind::Money | Kind::UnitPrice | Kind::Instant | Kind::Boolean | Kind::Json => {
                Values::Integers(integers)
            }
            Kind::Number => Values::Numbers(numbers),
            Kind::Day => Values::Days(days),
            Kind::Key => Values::Keys(keys),
        })
    }

    fn value(&self, field: &Field, literal: &Literal) -> Outcome<Value> {
        Ok(match (field.kind, literal) {
            (Kind::Text | Kind::Folded | Kind::Email, Literal::Text(text)) => folded(field.kind, text).into(),
            (Kind::Integer, Literal::Integer(integer)) => (*integer).into(),
            (Kind::Number, Literal::Number(number)) => (*number).into(),
            (Kind::Money, Literal::Decimal(decimal)) => self.amount::<0>(field, decimal)?.units.into(),
            (Kind::UnitPrice, Literal::Decimal(decimal)) => self.amount::<4>(field, decimal)?.units.into(),
            (Kind::Instant, Literal::Instant(instant)) => instant.0.timestamp_millis().into(),
            (Kind::Instant, Literal::Ago(duration)) => {
                let ago = Ago::parse(duration).filter(|ago| ago.before(self.reading.now).is_some());
                let ago = ago.ok_or_else(|| {
                    Failure::malformed(format!(
                        "where: {} is compared with {duration:?}; expected an ISO 8601 duration such as P30D",
                        field.name
                    ))
                })?;
                self.reading.instant(ago)
            }
            (Kind::Day, Literal::Day(day)) => day.0.into(),
            (Kind::Boolean, Literal::Boolean(boolean)) => (*boolean).into(),
            (Kind::Key, Literal::Key(key)) => (*key).into(),
            _ => return Err(mismatch(field)),
        })
    }

    fn amount<const EXTRA: u32>(&self, field: &Field, decimal: &str) -> Outcome<Amount<EXTRA>> {
        let currency = self.reading.currency;
        Amount::parse(decimal, currency).ok_or_else(|| {
            Failure::malformed(format!(
                "where: {} is compared with {decimal:?}; expected a decimal with at most {} places",
                field.name,
                currency.exponent() + EXTRA
            ))
        })
    }
}

fn count_of_rows() -> Expr {
    Expr::cust("count(*)")
}

/// That a condition does not hold, unknown included.
fn fails(condition: Expr) -> Expr {
    // A constant, since PostgreSQL takes neither a parameter nor parentheses after `is not`.
    Expr::expr(condition).is_not(Expr::Constant(true.into()))
}

fn folded(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Folded => fold::text(text),
        Kind::Email => fold::email(text),
        _ => text.to_owned(),
    }
}

/// A part of a text, whose spaces at the ends count.
fn folded_part(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Folded => fold::text_part(text),
        Kind::Email => fold::email_part(text),
        _ => text.to_owned(),
    }
}

/// Folded columns sort byte by byte, so that a prefix is a range of their index.
fn starts_with(expression: Expr, kind: Kind, text: &str) -> Expr {
    let prefix = folded_part(kind, text);
    if kind == Kind::Text {
        let letters = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX);
        let (first, length) = (Expr::cust("1"), Expr::cust(letters.to_string()));
        return Expr::expr(Func::cust("substr").arg(expression).arg(first).arg(length)).eq(prefix);
    }
    let end = format!("{prefix}{}", char::MAX);
    expression.clone().gte(prefix).and(expression.lt(end))
}

/// A client that forgot a value must not get everything.
fn null(path: &[&str]) -> Failure {
    let path: Vec<_> = path.iter().copied().filter(|name| !name.is_empty()).collect();
    let path = path.join(".");
    Failure::malformed(format!("where: {path} is null; leave it out, or ask for what is missing by isNull"))
}

fn unknown(what: &str, name: &str) -> Failure {
    Failure::malformed(format!("where: there is no {what} {name:?}"))
}

fn mismatch(field: &Field) -> Failure {
    Failure::malformed(format!("where: {} is compared with a value of another type", field.name))
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{PostgresQueryBuilder, Query, SqliteQueryBuilder};

    use super::*;
    use crate::{store::Columns, valuation::Margin};

    #[test]
    fn negations_and_prefixes_are_written_in_the_sql_of_both_databases() {
        let cases = [
            (fails(Expr::col("a").eq("b")), r#"SELECT ("a" = 'b') IS NOT TRUE"#),
            (starts_with(Expr::col("a"), Kind::Text, "bc"), r#"SELECT substr("a", 1, 2) = 'bc'"#),
        ];

        for (condition, expected) in cases {
            let statement = Query::select().expr(condition).take();
            assert_eq!(statement.to_string(PostgresQueryBuilder), expected);
            assert_eq!(statement.to_string(SqliteQueryBuilder), expected);
        }
    }

    #[test]
    fn bounds_of_ranges_stand_in_the_text_where_they_are_to_be_planned_for() -> anyhow::Result<()> {
        let reading = Reading {
            now: "2026-03-31T12:00:00Z".parse()?,
            currency: "USD".parse().map_err(anyhow::Error::msg)?,
            margin: Margin::WHOLE,
            columns: Columns::ALL,
            is_open: false,
        };
        let scope = Scope {
            reading,
            dialect: Dialect::Postgres,
            reads_personal: true,
            asked: Asked::Some,
            states_bounds: true,
        };
        let field = Field { name: "a", kind: Kind::Money, expression: |_| Expr::col("a"), is_personal: false };
        let amount = |decimal: &str| Literal::Decimal(decimal.to_owned());
        let cases = [
            (true, Test::Gte(amount("-5.00")), r#"SELECT "a" >= -500"#),
            (true, Test::Between(amount("1"), amount("2.5")), r#"SELECT "a" BETWEEN 100 AND 250"#),
            (true, Test::Eq(amount("1")), r#"SELECT "a" = $1"#),
            (false, Test::Gte(amount("-5.00")), r#"SELECT "a" >= $1"#),
        ];

        for (states_bounds, test, expected) in cases {
            let condition = Scope { states_bounds, ..scope }.test(&field, &test).expect("a condition");
            assert_eq!(Query::select().expr(condition).build(PostgresQueryBuilder).0, expected);
        }
        Ok(())
    }
}
