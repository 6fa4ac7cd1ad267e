//! How the rows that an edge leads to hang on the row that a rule is about.

use sea_orm::sea_query::{DynIden, Expr, ExprTrait, IntoIden, SelectStatement};

use super::{Edge, Shape, Subject};
use crate::store::Join;

/// Joins what the edges of `subject` lead to that is one row at most, found by a column of its own.
pub fn join_one(subject: &Subject, statement: &mut SelectStatement) {
    for edge in subject.edges {
        let Some(key) = key_of_one(edge) else { continue };
        let table = ((edge.subject)().table)();
        let hangs = Expr::col((table.clone(), key)).equals(((subject.table)(), "id"));
        statement.left_join(table, hangs);
    }
}

/// The column of the one row that an edge leads to, at most, which holds the key of the row that it hangs on.
pub(super) fn key_of_one(edge: &Edge) -> Option<DynIden> {
    let is_plain = edge.shape == Shape::One && edge.only.is_none() && (edge.subject)().live.is_none();
    match edge.join {
        Join::Column(column) if is_plain => Some(column()),
        _ => None,
    }
}

/// Leaves those of `rows` that hang on the row of the enclosing statement.
pub(super) fn hang(subject: &Subject, other: &Subject, join: Join, rows: &mut SelectStatement) {
    let (parent, child) = ((subject.table)(), (other.table)());
    match join {
        Join::Column(column) => rows.and_where(Expr::col((child, column())).equals((parent, "id"))),
        Join::To(column) => rows.and_where(Expr::col((child, "id")).equals((parent, column()))),
        Join::Through { table, from, to } => rows
            .inner_join(table(), Expr::col((table(), to())).equals((child, "id")))
            .and_where(Expr::col((table(), from())).equals((parent, "id"))),
    };
}

/// That one of `rows`, or a group of them, hangs on the row of the enclosing statement: by a list of all that do.
pub(super) fn listed(
    subject: &Subject,
    other: &Subject,
    join: Join,
    mut rows: SelectStatement,
    is_grouped: bool,
) -> Expr {
    let (parent, child) = ((subject.table)(), (other.table)());
    let (own, its) = match join {
        Join::Column(column) => ("id".into_iden(), Expr::col((child, column()))),
        Join::To(column) => (column(), Expr::col((child, "id"))),
        Join::Through { table, from, to } => {
            rows.inner_join(table(), Expr::col((table(), to())).equals((child, "id")));
            ("id".into_iden(), Expr::col((table(), from())))
        }
    };
    rows.expr(its.clone());
    if is_grouped {
        rows.add_group_by([its]);
    }
    Expr::col((parent, own)).in_subquery(rows)
}
