//! What a query may cost, told before anything of it is validated or run.
//!
//! The cost of a query is the number of fields in its largest possible answer: each field counts one, and what is
//! below `nodes` or `edges` counts once for every node that the page may have. One walk over the document tells it;
//! a fragment is measured once however often it is spread, so that measuring is cheap for any document.

use std::collections::HashMap;

use async_graphql::{
    Name, ServerError, Value as ConstValue, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};

use crate::{
    analytics::{MOST_COHORTS, MOST_INTERVALS, MOST_ROWS},
    graphql::{DEFAULT_SIZE, LARGEST_SIZE, code, coded},
    segment::{DEFAULT_SAMPLE, LARGEST_SAMPLE},
};

/// Bounds of a query.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The deepest nesting of fields; introspection is not counted.
    pub depth: u64,
    /// The greatest cost.
    pub cost: u64,
    /// The most fields written with an alias.
    pub aliases: u64,
    /// The most fields, fragments written out.
    pub fields: u64,
    /// The deepest nesting of lists in introspection.
    pub introspection: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 16, cost: 100_000, aliases: 100, fields: 2_000, introspection: 3 }
    }
}

/// Lists that are no connections, with how many rows they have when nothing is said, and at most.
const LISTS: [(&str, i32, i32); 6] = [
    ("topCustomers", 10, MOST_ROWS),
    ("revenueByCountry", 50, MOST_ROWS),
    ("series", 30, MOST_INTERVALS),
    ("cohorts", 12, MOST_COHORTS),
    ("history", DEFAULT_SIZE, LARGEST_SIZE),
    ("sample", DEFAULT_SAMPLE, LARGEST_SAMPLE),
];

/// Brackets nest at most so deep: the parser calls itself for each, and has but one stack.
const DEEPEST_BRACKETS: u64 = 32;

/// Checks that a document, or the JSON of its variables, can be parsed safely, before it is.
///
/// # Errors
/// `QUERY_TOO_COMPLEX`, when brackets nest too deep.
pub fn check_brackets(document: &str) -> Result<(), ServerError> {
    let (mut depth, mut deepest) = (0_u64, 0_u64);
    let mut rest = document;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => text_length(rest),
            '{' | '[' | '(' => {
                depth += 1;
                deepest = deepest.max(depth);
                1
            }
            '}' | ']' | ')' => {
                depth = depth.saturating_sub(1);
                1
            }
            other => other.len_utf8(),
        };
        rest = &rest[length..];
    }
    if deepest <= DEEPEST_BRACKETS {
        return Ok(());
    }
    let message = format!("brackets nest {deepest} deep; at most {DEEPEST_BRACKETS} are allowed");
    Err(refusal("brackets", deepest, DEEPEST_BRACKETS, message))
}

/// The length of the string, or block string, that the text begins with.
fn text_length(text: &str) -> usize {
    let (quotes, escape) = if text.starts_with("\"\"\"") { ("\"\"\"", "\\\"\"\"") } else { ("\"", "\\") };
    let mut length = quotes.len();
    while length < text.len() {
        let rest = &text[length..];
        if rest.starts_with(escape) {
            length += escape.len();
            // What a backslash escapes does not end the string.
            if quotes.len() == 1 {
                length += text[length..].chars().next().map_or(0, char::len_utf8);
            }
        } else if rest.starts_with(quotes) {
            return length + quotes.len();
        } else {
            length += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The size of a selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    depth: u64,
    /// The cost outside `nodes` and `edges`.
    cost: u64,
    /// The cost of one node below `nodes` and `edges`.
    cost_per_node: u64,
    /// Whether a page is read for it.
    has_page: bool,
    aliases: u64,
    fields: u64,
    introspection: u64,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.introspection = self.introspection.max(other.introspection);
        self.has_page |= other.has_page;
        self.cost = self.cost.saturating_add(other.cost);
        self.cost_per_node = self.cost_per_node.saturating_add(other.cost_per_node);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.fields = self.fields.saturating_add(other.fields);
    }
}

impl Limits {
    /// Checks every operation of the document, and tells the greatest cost.
    ///
    /// # Errors
    /// `QUERY_TOO_COMPLEX`, with the limit and what the query comes to.
    pub fn check(&self, document: &ExecutableDocument, variables: &Variables) -> Result<u64, ServerError> {
        let mut greatest = 0;
        for (_, operation) in document.operations.iter() {
            let operation = &operation.node;
            let mut measure = Measure { document, operation, variables, fragments: HashMap::new() };
            let size = measure.selection(&operation.selection_set.node);
            let bounds = [
                ("fields", size.fields, self.fields, "the query has {} fields, fragments written out"),
                ("aliases", size.aliases, self.aliases, "the query has {} aliases"),
                ("depth", size.depth, self.depth, "the query is {} levels deep"),
                ("introspection", size.introspection, self.introspection, "introspection nests {} lists"),
                ("cost", size.cost, self.cost, "the query may answer {} fields"),
            ];
            for (name, value, limit, said) in bounds {
                if value > limit {
                    let said = said.replacen("{}", &value.to_string(), 1);
                    return Err(refusal(name, value, limit, format!("{said}; at most {limit} are allowed")));
                }
            }
            greatest = greatest.max(size.cost);
        }
        Ok(greatest)
    }
}

fn refusal(name: &str, value: u64, limit: u64, message: String) -> ServerError {
    let mut error = coded(message, None, code::QUERY_TOO_COMPLEX);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set(name, value);
    extensions.set("limit", limit);
    error
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// The fragments measured so far; one that is being measured counts nothing, as validation refuses cycles.
    fragments: HashMap<&'a str, Size>,
}

impl<'a> Measure<'a> {
    fn selection(&mut self, selection: &'a SelectionSet) -> Size {
        let mut size = Size::default();
        for item in &selection.items {
            size.add(match &item.node {
                Selection::Field(field) => self.field(&field.node),
                Selection::InlineFragment(fragment) => self.selection(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.fragment(spread.node.fragment_name.node.as_str()),
            });
        }
        size
    }

    fn fragment(&mut self, name: &'a str) -> Size {
        if let Some(size) = self.fragments.get(name) {
            return *size;
        }
        self.fragments.insert(name, Size::default());
        let Some(fragment) = self.document.fragments.get(name) else {
            return Size::default();
        };
        let size = self.selection(&fragment.node.selection_set.node);
        self.fragments.insert(name, size);
        size
    }

    fn field(&mut self, field: &'a Field) -> Size {
        let below = self.selection(&field.selection_set.node);
        let name = field.name.node.as_str();
        let mut size = Size {
            aliases: below.aliases.saturating_add(u64::from(field.alias.is_some())),
            fields: below.fields.saturating_add(1),
            introspection: below.introspection,
            ..Size::default()
        };
        if name.starts_with("__") {
            // Introspection reads no data; only its lists of lists grow without bound.
            size.cost = 1;
            return size;
        }
        if ["fields", "inputFields", "interfaces", "possibleTypes"].contains(&name) {
            size.introspection += 1;
        }
        size.depth = below.depth + 1;
        // A page is read whole, however little of its nodes is asked for.
        let rows = if below.has_page { self.page_size(field) } else { 0 };
        let nodes = below.cost_per_node.max(1).saturating_mul(rows);
        let cost = below.cost.saturating_add(nodes).saturating_add(1);
        size.has_page = ["nodes", "edges", "pageInfo"].contains(&name);
        match name {
            "nodes" if field.get_argument("ids").is_some() => {
                size.cost = cost.saturating_mul(self.length(field, "ids"));
            }
            "nodes" | "edges" => size.cost_per_node = cost,
            // It reads all that happened.
            "analytics" => size.cost = cost.saturating_add(1_000),
            _ => {
                // A connection of that name counts by its nodes.
                let list = LISTS.iter().find(|(list, ..)| *list == name && !below.has_page);
                let rows = list.map_or(1, |(_, size, most)| self.size(field, *size, *most));
                size.cost = cost.saturating_mul(rows);
            }
        }
        size
    }

    /// How many nodes the page of a connection has.
    fn page_size(&self, field: &Field) -> u64 {
        self.size(field, DEFAULT_SIZE, LARGEST_SIZE)
    }

    /// How many rows a list has: as many as are asked for, `default` if that is not said, and `most` at most.
    fn size(&self, field: &Field, default: i32, most: i32) -> u64 {
        let given = |argument| self.constant(field, argument).filter(|value| *value != ConstValue::Null);
        let size = match given("first").or_else(|| given("last")) {
            Some(ConstValue::Number(number)) => number.as_u64(),
            _ => None,
        };
        size.unwrap_or(default.unsigned_abs().into()).min(most.unsigned_abs().into())
    }

    fn length(&self, field: &Field, argument: &str) -> u64 {
        match self.constant(field, argument) {
            Some(ConstValue::List(items)) => u64::try_from(items.len()).unwrap_or(u64::MAX),
            _ => 1,
        }
    }

    /// The value of an argument, its variables filled in.
    fn constant(&self, field: &Field, argument: &str) -> Option<ConstValue> {
        let value = field.get_argument(argument)?.node.clone();
        let constant = value.into_const_with(|name: Name| {
            let default = || {
                let mut definitions = self.operation.variable_definitions.iter();
                let definition = definitions.find(|definition| definition.node.name.node == name)?;
                Some(definition.node.default_value.as_ref()?.node.clone())
            };
            self.variables.get(&name).cloned().or_else(default).ok_or(())
        });
        constant.ok()
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    fn cost(query: &str) -> u64 {
        let document = parse_query(query).expect("a query that parses");
        let variables = Variables::from_value(value!({ "many": 50 }));
        Limits::default().check(&document, &variables).expect("a query within the limits")
    }

    #[test]
    fn a_page_costs_its_nodes() {
        let cases = [
            ("{ customers(first: 10) { nodes { name email } } }", 1 + 10 * 3),
            ("{ customers { nodes { name } } }", 1 + 20 * 2),
            ("query ($many: Int) { customers(first: $many) { nodes { name } } }", 1 + 50 * 2),
            ("query ($few: Int = 2) { customers(last: $few) { edges { node { name } } } }", 1 + 2 * 3),
            ("{ customers(first: 2) { nodes { orders(first: 3) { nodes { total } } } } }", 1 + 2 * (1 + 1 + 3 * 2)),
            ("{ customers(first: null, last: 10) { nodes { name } } }", 1 + 10 * 2),
            ("{ customers(first: 10) { pageInfo { endCursor } } }", 1 + 2 + 10),
            ("{ customers(first: 10) { totalCount } }", 2),
            ("{ customers(first: 2) { totalCount ...page } } fragment page on C { nodes { name } }", 1 + 1 + 2 * 2),
            ("{ nodes(ids: [1, 2, 3]) { id } }", 3 * 2),
            ("{ analytics(timeframe: DAY) { topCustomers(first: 3) { customer { name } } } }", 3 * 3 + 1 + 1_000),
            ("{ analytics(timeframe: DAY) { series(last: 366) { orders } } }", 366 * 2 + 1 + 1_000),
            ("{ analytics(timeframe: DAY) { series(last: 999) { orders } } }", 366 * 2 + 1 + 1_000),
            ("{ analytics(timeframe: DAY) { series { orders } revenueByCountry { country } } }", 80 * 2 + 1 + 1_000),
            ("{ node { history(first: 3) { name } } }", 3 * 2 + 1),
            ("{ node { history(first: 3) { nodes { name } } } }", 1 + 1 + 3 * 2),
            ("{ segmentPreview(where: {}) { count sample(first: 5) { name } } }", 1 + 1 + 5 * 2),
            ("{ __schema { types { fields { name } } } }", 1),
        ];

        for (query, expected) in cases {
            assert_eq!(cost(query), expected, "{query}");
        }
    }

    #[test]
    fn refusals_say_the_limit_and_what_the_query_comes_to() {
        let query = "{ customers(first: 250) { nodes { orders(first: 250) { nodes { id total } } } } }";
        let document = parse_query(query).expect("a query that parses");

        let error = Limits::default().check(&document, &Variables::default()).expect_err("it is too large");

        assert_eq!(error.message, "the query may answer 188001 fields; at most 100000 are allowed");
    }

    #[test]
    fn fragments_that_double_each_other_are_measured_at_once() {
        let mut query = "{ ...f0 }".to_owned();
        for level in 0..60 {
            let spread = format!("{{ ...f{} }}", level + 1);
            query = format!("{query} fragment f{level} on Query {{ a: x {spread} b: x {spread} }}");
        }
        query += " fragment f60 on Query { y }";
        let document = parse_query(query).expect("a query that parses");

        assert!(Limits::default().check(&document, &Variables::default()).is_err());
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_nest() {
        let open = "{".repeat(100);
        let cases = [
            (open.clone(), false),
            (format!("{{ a(b: \"{open}\\\"{open}\") }}"), true),
            (format!("{{ a(b: \"\"\"{open}\\\"\"\"{open}\"\"\") }}"), true),
            (format!("{{ a }} # {open}"), true),
            (format!("{{ a(b: \"\") }} {open}"), false),
            (format!("{{ a }} # \" \n {open}"), false),
            (format!("{{ a(b: \"{open}"), true),
            (format!("\"\"\"\"{open}"), true),
        ];

        for (document, expected) in cases {
            assert_eq!(check_brackets(&document).is_ok(), expected, "{document}");
        }
    }

    #[test]
    fn fragments_that_spread_themselves_end() {
        assert_eq!(cost("{ ...f } fragment f on Query { a { ...f } }"), 1);
    }
}
