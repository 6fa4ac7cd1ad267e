//! How much one statement asks.

/// How many columns a statement has at most: SQLite allows 2,000, and PostgreSQL 1,664.
const MOST_COLUMNS: usize = 800;

/// How many values a statement is given at most: SQLite takes 32,766, and PostgreSQL 65,535. What a single rule asks
/// for is less: it has 200 tests, each with a few values, which are asked for twice: for the verdict, and for what is
/// compared.
const MOST_VALUES: usize = 16_000;

/// What something adds to a statement.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Columns.
    pub columns: usize,
    /// Values.
    pub values: usize,
}

/// As many of `things` in each portion as one statement may ask, and at least one.
pub fn portions<T>(mut things: &[T], size: impl Fn(&T) -> Size) -> Vec<&[T]> {
    let mut portions = Vec::new();
    while !things.is_empty() {
        let (mut columns, mut values) = (0, 0);
        let fits = things.iter().take_while(|thing| {
            let size = size(thing);
            columns += size.columns;
            values += size.values;
            columns <= MOST_COLUMNS && values <= MOST_VALUES
        });
        let (portion, others) = things.split_at(fits.count().max(1));
        portions.push(portion);
        things = others;
    }
    portions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_columns_nor_values_are_more_than_a_statement_may_have() {
        // The columns and values of each, and how many are in each portion.
        let cases = [
            (vec![], vec![]),
            (vec![(400, 0), (400, 0), (1, 0)], vec![2, 1]),
            (vec![(1, 8_000), (1, 8_000), (1, 1), (1, 1)], vec![2, 2]),
            (vec![(1, 20_000), (1, 1)], vec![1, 1]),
            (vec![(1, 1), (900, 20_000)], vec![1, 1]),
        ];

        for (things, expected) in cases {
            let portions = portions(&things, |&(columns, values)| Size { columns, values });
            assert_eq!(portions.iter().map(|portion| portion.len()).collect::<Vec<_>>(), expected, "{things:?}");
        }
    }
}
