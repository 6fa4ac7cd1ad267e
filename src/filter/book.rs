//! Stored rules that decide about each other, and their order.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::Rule;
use crate::store::Question;

/// A stored rule, with what it depends on.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key of what the rule is of.
    pub key: Uuid,
    /// Its name for programs.
    pub name: String,
    /// Whether it came with the product.
    pub is_built_in: bool,
    /// The version that the rule was read at.
    pub version: i32,
    /// The rule.
    pub rule: Rule,
    /// How many values its condition is given.
    pub values: usize,
    /// What it depends on.
    pub reads: Reads,
    /// What each of its [`own_conditions`] depends on.
    ///
    /// [`own_conditions`]: super::own_conditions
    pub parts: Vec<Reads>,
}

/// What a condition depends on.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// The words of its SQL: tables and columns are among them.
    pub words: BTreeSet<String>,
    /// The keys of the others whose outcome it depends on, whether or not they have a rule.
    pub names: BTreeSet<Uuid>,
}

impl Reads {
    /// Whether it reads a table or column whose name is, or begins with, `name`: generated columns are named after what
    /// they are made of.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let range = self.words.range::<str, _>((Bound::Included(name), Bound::Unbounded));
        range.take(1).any(|word| word.starts_with(name))
    }
}

/// A stored rule that cannot be read.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// The key of what the rule is of.
    pub key: Uuid,
    /// Its name for programs.
    pub name: String,
    /// The version of the rule.
    pub version: i32,
}

/// How many questions a book keeps: events ask some dozens of sets of rules at most.
const MOST_QUESTIONS: usize = 100;

/// The rules that are asked, and whether about one customer, or whatever rules are about.
type Asking = (Vec<Uuid>, bool);

/// All stored rules: each level depends on those before it alone, so that one pass settles all.
#[derive(Debug, Default)]
pub struct Book {
    levels: Vec<Vec<Entry>>,
    unreadable: Vec<Unreadable>,
    /// The names of all that rules may depend on, those without a rule included.
    titles: HashMap<Uuid, String>,
    questions: Mutex<HashMap<Asking, Arc<Question>>>,
}

impl Book {
    /// Puts rules in order. Those that depend on themselves, which no one may write, come last.
    #[must_use]
    pub fn new(entries: Vec<Entry>, titles: HashMap<Uuid, String>) -> Self {
        let mut levels = Vec::new();
        let mut rest = entries;
        while !rest.is_empty() {
            let waiting: HashSet<Uuid> = rest.iter().map(|entry| entry.key).collect();
            let is_settled = |entry: &Entry| entry.reads.names.iter().all(|name| !waiting.contains(name));
            let (level, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_settled);
            if level.is_empty() {
                levels.push(others);
                break;
            }
            levels.push(level);
            rest = others;
        }
        Self { levels, titles, ..Self::default() }
    }

    /// With those that are left out, as they cannot be read.
    #[must_use]
    pub fn without(self, unreadable: Vec<Unreadable>) -> Self {
        Self { unreadable, ..self }
    }

    /// Those that are left out, as they cannot be read.
    #[must_use]
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// The rules, each level after those that it depends on.
    #[must_use]
    pub fn levels(&self) -> &[Vec<Entry>] {
        &self.levels
    }

    /// The rules, each after those that it depends on.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.levels.iter().flatten()
    }

    /// What is called so by programs.
    #[must_use]
    pub fn title(&self, key: Uuid) -> Option<&str> {
        self.titles.get(&key).map(String::as_str)
    }

    /// The question for the outcomes of these rules, about one only or several: as it was made before, or as `make` makes
    /// it.
    ///
    /// # Errors
    /// As `make`.
    pub fn question(
        &self,
        rules: &[&Entry],
        is_about_one: bool,
        make: impl FnOnce() -> anyhow::Result<Question>,
    ) -> anyhow::Result<Arc<Question>> {
        let asking: Asking = (rules.iter().map(|entry| entry.key).collect(), is_about_one);
        if let Some(question) = self.questions().get(&asking) {
            return Ok(Arc::clone(question));
        }
        let question = Arc::new(make()?);
        let mut questions = self.questions();
        if questions.len() >= MOST_QUESTIONS {
            questions.clear();
        }
        questions.insert(asking, Arc::clone(&question));
        Ok(question)
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<Asking, Arc<Question>>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first of those whose outcome depends on that of `key`.
    #[must_use]
    pub fn dependent(&self, key: Uuid) -> Option<&Entry> {
        self.entries().find(|entry| entry.reads.names.contains(&key))
    }

    /// How `key` would come to depend on itself if it depended on `names`: the way from it back to it. None if it would
    /// not.
    #[must_use]
    pub fn cycle(&self, key: Uuid, names: &BTreeSet<Uuid>) -> Option<Vec<Uuid>> {
        let entries: HashMap<Uuid, &Entry> = self.entries().map(|entry| (entry.key, entry)).collect();
        let mut came_from: HashMap<Uuid, Uuid> = names.iter().map(|name| (*name, key)).collect();
        let mut next: Vec<Uuid> = names.iter().copied().collect();
        while let Some(current) = next.pop() {
            if current == key {
                let mut way = vec![key];
                let mut place = came_from.get(&key).copied().unwrap_or(key);
                while place != key {
                    way.push(place);
                    place = came_from.get(&place).copied().unwrap_or(key);
                }
                way.push(key);
                way.reverse();
                return Some(way);
            }
            for name in entries.get(&current).into_iter().flat_map(|entry| &entry.reads.names) {
                if !came_from.contains_key(name) {
                    came_from.insert(*name, current);
                    next.push(*name);
                }
            }
        }
        None
    }
}

/// An edition, and the rules that it has.
type Edition = (Uuid, Arc<Book>);

/// The rules as a process last read them, and the edition that they were of: rules are parsed once for each edition,
/// not for each transaction. Editions are never given twice, not even by transactions that were undone.
///
/// Clones are handles of the same.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<Option<Edition>>>);

impl Shelf {
    /// The rules of this edition, if they are at hand.
    #[must_use]
    pub fn take(&self, edition: Uuid) -> Option<Arc<Book>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|(held, _)| *held == edition).map(|(_, book)| Arc::clone(book))
    }

    /// Keeps the rules of this edition.
    pub fn put(&self, edition: Uuid, book: Arc<Book>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((edition, book));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use sea_orm::sea_query::SelectStatement;

    use super::*;
    use crate::store::Dialect;

    fn key(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn keys(numbers: &[u128]) -> BTreeSet<Uuid> {
        numbers.iter().map(|number| key(*number)).collect()
    }

    fn book(entries: &[(u128, &[u128])]) -> Book {
        let entry = |(number, names): &(u128, &[u128])| Entry {
            key: key(*number),
            name: number.to_string(),
            is_built_in: false,
            version: 1,
            rule: Rule::All(Vec::new()),
            values: 0,
            reads: Reads { words: BTreeSet::new(), names: keys(names) },
            parts: Vec::new(),
        };
        Book::new(entries.iter().map(entry).collect(), HashMap::new())
    }

    #[test]
    fn each_rule_comes_after_those_it_depends_on() {
        // 9 has no rule.
        let book = book(&[(1, &[2, 3]), (2, &[3]), (3, &[9]), (4, &[])]);

        let levels = book.levels().iter().map(|level| level.iter().map(|entry| entry.key).collect());
        assert_eq!(levels.collect::<Vec<BTreeSet<_>>>(), [keys(&[3, 4]), keys(&[2]), keys(&[1])]);
        assert_eq!(book.dependent(key(9)).map(|entry| entry.key), Some(key(3)));
        assert!(book.dependent(key(4)).is_none());
    }

    #[test]
    fn a_way_back_to_itself_is_found_however_long() {
        let book = book(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[])]);
        let none: &[u128] = &[];
        let cases: [(u128, &[u128], &[u128]); 5] = [
            (1, &[1], &[1, 1]),
            (1, &[2], &[1, 2, 1]),
            (1, &[4, 3], &[1, 3, 2, 1]),
            (1, &[4], none),
            (4, &[1, 2, 3], none),
        ];

        for (own, names, expected) in cases {
            let way: Vec<_> = expected.iter().map(|number| key(*number)).collect();
            assert_eq!(book.cycle(key(own), &keys(names)).unwrap_or_default(), way, "{own} {names:?}");
        }
    }

    #[test]
    fn rules_that_depend_on_each_other_are_not_lost() {
        let book = book(&[(1, &[2]), (2, &[1]), (3, &[])]);

        assert_eq!(book.entries().count(), 3);
    }

    #[test]
    fn rules_are_at_hand_for_their_own_edition_alone() {
        let shelf = Shelf::default();

        shelf.put(key(1), Arc::default());

        assert!(shelf.take(key(1)).is_some());
        assert!(shelf.take(key(2)).is_none());
    }

    #[test]
    fn the_same_question_is_made_once_and_not_all_are_kept() -> anyhow::Result<()> {
        let book = book(&[(1, &[]), (2, &[])]);
        let entries: Vec<&Entry> = book.entries().collect();
        let made = Cell::new(0);
        let ask = |rules: &[&Entry], is_about_one| {
            book.question(rules, is_about_one, || {
                made.set(made.get() + 1);
                Ok(Question::new(Dialect::Sqlite, &SelectStatement::new()))
            })
        };

        let (first, again) = (ask(&entries, true)?, ask(&entries, true)?);
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(made.get(), 1);
        ask(&entries, false)?;
        ask(&entries[..1], true)?;
        assert_eq!(made.get(), 3);
        for count in 0..2 * MOST_QUESTIONS {
            ask(&vec![entries[0]; count], true)?;
        }
        assert!(book.questions().len() <= MOST_QUESTIONS);
        Ok(())
    }

    #[test]
    fn columns_are_found_by_how_they_begin() {
        let words = BTreeSet::from(["total_spent".to_owned(), "last_order_date_sort".to_owned()]);
        let reads = Reads { words, names: BTreeSet::new() };

        assert!(reads.has("total_spent") && reads.has("last_order_date"));
        assert!(!reads.has("spent") && !reads.has("total_orders") && !reads.has("z"));
    }
}
