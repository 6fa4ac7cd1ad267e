//! The house rules that the compiler does not know: imports go down only, and each outside crate has its door.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The floors of the house, from the ground up.
const FLOORS: [&[&str]; 6] = [
    &[
        "app",
        "check",
        "clock",
        "config",
        "event",
        "failure",
        "filter",
        "fold",
        "instant",
        "money",
        "progress",
        "post",
        "rejection",
        "schedule",
        "semantics",
        "store",
        "transaction",
        "valuation",
    ],
    &["auth", "graphql", "idempotency"],
    &[
        "address",
        "analytics",
        "churn",
        "communication",
        "consent",
        "contact_point",
        "customer",
        "lifetime_value",
        "loyalty",
        "order",
        "order_item",
        "product",
        "refund",
        "rfm",
        "segment",
        "settings",
    ],
    &["job", "reactions"],
    &["schema", "html"],
    &["cli", "http", "import", "seed"],
];

/// Files that stand on another floor than the rest of their room: what clients see of events looks at the concepts,
/// and mutations are carried out by what lies above all concepts.
const FACES: [(&str, &str); 5] = [
    ("event/filter.rs", "customer"),
    ("event/links.rs", "customer"),
    ("event/node.rs", "customer"),
    ("event/subscription.rs", "customer"),
    ("mutation.rs", "reactions"),
];

/// The crates that only some rooms may name.
const DOORS: [(&str, &[&str]); 9] = [
    ("axum", &["http"]),
    ("clap", &["cli", "config", "main", "import"]),
    ("json_ld", &["semantics"]),
    ("maud", &["html", "http"]),
    ("csv", &["import"]),
    ("croner", &["schedule"]),
    ("hyper_util", &["post"]),
    ("lettre", &["post"]),
    ("minijinja", &["post"]),
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let (directories, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let mut found: Vec<_> =
        files.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs")).collect();
    found.extend(directories.iter().flat_map(|directory| sources(directory)));
    found
}

/// The room that a file belongs to.
fn room(path: &Path) -> String {
    let inner = path.strip_prefix("src").expect("a file below src");
    let first = inner.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The first names after `crate::` in a file, tests left out.
fn named(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut names = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        let rest = &code[start + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => names.extend(identifier(rest)),
            Some(list) => {
                let mut depth = 1;
                let mut is_first = true;
                for (index, letter) in list.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => is_first = true,
                        letter if letter.is_alphanumeric() && depth == 1 && is_first => {
                            names.extend(identifier(&list[index..]));
                            is_first = false;
                        }
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    names
}

fn identifier(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[test]
fn imports_go_down_only() {
    let mut breaches = Vec::new();
    // Tests may look at the whole house.
    for path in sources(Path::new("src")).iter().filter(|path| !path.ends_with("tests.rs")) {
        let text = fs::read_to_string(path).expect("a source");
        let face = FACES.iter().find(|(file, _)| path.ends_with(file));
        let Some(own) = floor(face.map_or(&room(path), |(_, peer)| peer)) else { continue };
        for name in named(&text) {
            if floor(&name).is_some_and(|other| other > own) {
                breaches.push(format!("{} names {name}", path.display()));
            }
        }
    }

    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn each_outside_crate_has_its_door() {
    let mut breaches = Vec::new();
    for path in sources(Path::new("src")) {
        let text = fs::read_to_string(&path).expect("a source");
        for (name, rooms) in DOORS {
            let uses = text.contains(&format!("use {name}")) || text.contains(&format!("{name}::"));
            if uses && !rooms.contains(&room(&path).as_str()) {
                breaches.push(format!("{} names {name}", path.display()));
            }
        }
    }

    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn every_room_has_its_floor() {
    let without: Vec<String> = fs::read_dir("src")
        .expect("the sources")
        .map(|entry| room(&entry.expect("an entry").path()))
        .filter(|room| !["lib", "main", "given"].contains(&room.as_str()) && floor(room).is_none())
        .collect();

    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn there_is_no_drawer() {
    let drawers = ["utils", "util", "common", "misc", "shared", "core", "base", "manager", "service", "helpers"];
    for path in sources(Path::new("src")) {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(!drawers.contains(&stem.as_str()) && !drawers.contains(&room(&path).as_str()), "{}", path.display());
    }
}
