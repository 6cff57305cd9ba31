//! The program as it is called.

use std::process::{Command, Output};

fn loadgen(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(arguments).env_remove("VEDETTE_ACCESS_KEY");
    command.output().expect("it was built with this test")
}

#[test]
fn a_history_of_nothing_is_refused_with_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().to_str().expect("its name is plain");
    let done = loadgen(&["replay", "--endpoint", "http://127.0.0.1:1", "--recorded", path]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.starts_with("loadgen: ") && said.contains("*.traces.pb"), "{said}");
}

#[test]
fn what_differs_and_what_cannot_be_done_have_codes_of_their_own() {
    let done = loadgen(&["verify", "--expected", "/nowhere/expected.json"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("/nowhere/expected.json"));
    assert_eq!(loadgen(&["--version"]).status.code(), Some(0));
}
