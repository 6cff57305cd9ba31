//! Literals, wherever dialects hide them.

use proptest::prelude::*;

use super::*;
use crate::recorded::{SHOP, attributes};

#[track_caller]
fn check(system: &str, text: &str, expected: &str) {
    assert_eq!(sql(text, Dialect::of(system)), expected, "{system}");
}

#[test]
fn literals_become_question_marks() {
    check(
        "mysql",
        "SELECT * FROM t1 WHERE a = 'x' AND b=-1.5e-3 LIMIT 10",
        "SELECT * FROM t1 WHERE a = ? AND b=-? LIMIT ?",
    );
    check(
        "mysql",
        "INSERT INTO t VALUES (0xFF, X'1F', 1_000, NULL, true)",
        "INSERT INTO t VALUES (?, ?, ?, NULL, true)",
    );
    check("mysql", "SET x = _utf8'hunter2', y = \"hunter2\"", "SET x = ?, y = ?");
    check("", "UPDATE t SET a=\"hunter2\", b='x'", "UPDATE t SET a=?, b=?");
}

#[test]
fn quotes_within_a_text_do_not_end_it() {
    check("mysql", r"a = 'it''s \' hunter2' and b", "a = ? and b");
    check("postgresql", r"a = 'C:\' and b = E'it\'s hunter2' and c", "a = ? and b = ? and c");
    check("oracle.db", "a = q'[it's hunter2]' and b = N'hunter2' or c", "a = ? and b = ? or c");
    check(
        "postgresql",
        "select $$it's hunter2$$, $a$ $b$ hunter2 $a$, $1 from t",
        "select ?, ?, $1 from t",
    );
}

#[test]
fn names_stay() {
    check(
        "postgresql",
        "select \"Größe 5\", t2.c3 from s1.\"t'\"",
        "select \"Größe 5\", t2.c3 from s1.\"t'\"",
    );
    check("mysql", "select `it's 5` from t", "select `it's 5` from t");
    check("microsoft.sql_server", "select [it's 5], @p1 from #t", "select [it's 5], @p1 from #t");
}

#[test]
fn comments_go() {
    check("mysql", "select 1 -- hunter2\nfrom t # hunter2", "select ? \nfrom t ");
    check("mysql", "/* user 'hunter2' */ select/**/a /*traceparent='00-1'*/", " select a ");
    check("postgresql", "select a /* x /* hunter2 */ hunter2 */ from t", "select a  from t");
    check("postgresql", "select a #> b", "select a #> b");
}

#[test]
fn lists_of_literals_become_one() {
    check("mysql", "where a IN (1, 'b', -3) and b in (?, ?)", "where a IN (?) and b in (?)");
    check("mysql", "where a in (%s,%s , NULL)", "where a in (?)");
    check(
        "postgresql",
        "where a in ($1, $2) or b in(select 5)",
        "where a in (?) or b in(select ?)",
    );
    check("mysql", "where (a, b) in ((1, 2), (3, 4))", "where (a, b) in ((?, ?), (?, ?))");
    check("mysql", "where a in ('x', 'hunter2", "where a in (?");
}

#[test]
fn what_is_cut_within_a_text_reveals_nothing() {
    check("mysql", "select 'hunter2", "select ?");
    check("postgresql", "select \"hunter2", "select ?");
    check("postgresql", "select $$hunter2", "select ?");
    check("mysql", "select a /* hunter2", "select a ");
}

#[test]
fn a_graphql_document_loses_its_literals() {
    let document = "query A($id: ID!) { a(name: \"hunter2\", n: 5, b: \"\"\"it's \"hunter2\" \"\"\") { x } # hunter2\n}";
    assert_eq!(
        sql(document, Dialect::GRAPHQL),
        "query A($id: ID!) { a(name: ?, n: ?, b: ?) { x } \n}"
    );
}

#[test]
fn a_recorded_statement_loses_its_literals_only() {
    for (begins, expected) in [
        ("catalog CLI 'SELECT'", "SELECT id, name, price_cents FROM products ORDER BY id LIMIT ?"),
        ("fulfilment CLI 'UPDATE'", "UPDATE orders SET state = ? WHERE id = %s"),
        ("fulfilment CLI 'INSERT'", "INSERT INTO parcels (order_id, wrapping) VALUES (%s, %s)"),
    ] {
        check("mysql", attributes(SHOP.line(begins)).text("db.statement").unwrap(), expected);
    }
    let prepared = "UPDATE orders SET state = ? WHERE id = ?";
    assert!(matches!(sql(prepared, Dialect::of("mysql")), Cow::Borrowed(_)));
}

const SYSTEMS: [&str; 6] =
    ["mysql", "postgresql", "microsoft.sql_server", "oracle.db", "cassandra", ""];

proptest! {
    #[test]
    fn a_statement_stays_what_it_is(
        text in "(in ?\\(|--|/\\*|\\*/|N'|q'\\[|[ab15'\"`\\\\$?:@%#,().\\[\\] \n+e-]|\\PC){0,30}",
        system in prop::sample::select(&SYSTEMS[..]),
    ) {
        let once = sql(&text, Dialect::of(system)).into_owned();
        prop_assert_eq!(sql(&once, Dialect::of(system)).into_owned(), once);
        let once = sql(&text, Dialect::GRAPHQL).into_owned();
        prop_assert_eq!(sql(&once, Dialect::GRAPHQL).into_owned(), once);
    }

    #[test]
    fn a_planted_text_never_comes_through(
        before in "[a-z =,()]{0,10}", secret in "[a-z'\\\\\" ;$-]{0,10}", after in "[a-z =,()]{0,10}",
    ) {
        // Written as each dialect escapes it.
        let doubled = secret.replace('\'', "''");
        let backslashes = doubled.replace('\\', "\\\\");
        let statement = |text: &str| format!("select {before} 'HUNTER{text}TWO' {after} 'HUNTER{text}TWO'");
        let shown = sql(&statement(&doubled), Dialect::of("postgresql")).into_owned();
        prop_assert!(!shown.contains("HUNTER") && !shown.contains("TWO"), "{}", shown);
        let shown = sql(&statement(&backslashes), Dialect::of("mysql")).into_owned();
        prop_assert!(!shown.contains("HUNTER") && !shown.contains("TWO"), "{}", shown);
    }
}
