//! When a certificate is issued, what it says, and what happens to the operator's own.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use super::*;
use crate::clock::{Clock, ManualClock};

const DAY: Duration = Duration::from_secs(86_400);
const NOW: UnixNanos = UnixNanos::from_secs(1_800_000_000);

fn names(names: &[&str]) -> BTreeSet<TlsName> {
    names.iter().map(|name| TlsName::new(name).unwrap()).collect()
}

fn config(dir: &Path, extra: &[&str]) -> Config {
    Config { dir: dir.join("tls"), names: names(extra), own: None }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The decision for a certificate of `a` and `b` that runs from day 0 to day 397 under a CA that ends on day 3650.
fn decide(wanted: &[&str], day: u64) -> Option<Reissue> {
    let at = |day: u64| UnixNanos::from_secs((100 + day) * 86_400);
    let current =
        ServerCertificate { names: names(&["a", "b"]), not_before: at(0), not_after: at(397) };
    needs_reissue(Some(&current), &names(wanted), at(3650), at(day))
}

#[test]
fn a_certificate_is_kept_until_its_names_change_or_its_end_comes_near() {
    assert_eq!(decide(&["b", "a"], 0), None);
    assert_eq!(decide(&["a", "b"], 366), None);
    assert_eq!(decide(&["a", "b"], 367), Some(Reissue::EndsSoon));
    assert_eq!(decide(&["a", "b"], 500), Some(Reissue::EndsSoon));
    assert_eq!(decide(&["a"], 1), Some(Reissue::NamesChanged));
    assert_eq!(decide(&["a", "b", "10.0.0.1"], 1), Some(Reissue::NamesChanged));
    assert_eq!(needs_reissue(None, &names(&["a"]), NOW, NOW), Some(Reissue::Unusable));
}

#[test]
fn a_certificate_from_the_future_is_replaced_and_one_that_ends_with_its_ca_is_not() {
    let before = NOW.saturating_sub(Duration::from_secs(1));
    let current = ServerCertificate {
        names: names(&["a"]),
        not_before: NOW,
        not_after: NOW.saturating_add(20 * DAY),
    };
    assert_eq!(
        needs_reissue(Some(&current), &current.names, current.not_after, before),
        Some(Reissue::NotYetValid)
    );
    assert_eq!(needs_reissue(Some(&current), &current.names, current.not_after, NOW), None);
    let later = current.not_after.saturating_add(DAY);
    assert_eq!(needs_reissue(Some(&current), &current.names, later, NOW), Some(Reissue::EndsSoon));
}

#[test]
fn the_first_start_makes_a_ca_and_a_certificate_for_all_names_and_the_next_keeps_both() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), &["v.example", "*.v.example"]);
    let machine = names(&["vm", "localhost", "::1", "10.0.0.7"]);
    let first = ensure(&config, &machine, NOW).unwrap();
    assert_eq!(first.reissued, Some(Reissue::Unusable));
    assert_eq!(
        first.certificate.names,
        names(&["vm", "localhost", "::1", "10.0.0.7", "v.example", "*.v.example"])
    );
    assert!(first.certificate.not_after.since(first.certificate.not_before) <= 397 * DAY);
    assert!(
        first.certificate.not_before < NOW
            && first.certificate.not_after > NOW.saturating_add(390 * DAY)
    );
    assert_eq!(first.certified.cert.len(), 2);

    let second = ensure(&config, &machine, NOW.saturating_add(30 * DAY)).unwrap();
    assert_eq!(second.reissued, None);
    assert_eq!(second.authority, first.authority);
    assert_eq!(second.certified.cert, first.certified.cert);
}

#[test]
fn keys_are_the_owners_alone_and_the_ca_is_everyones_with_the_usual_fingerprint() {
    let dir = tempfile::tempdir().unwrap();
    let issued = ensure(&config(dir.path(), &[]), &names(&["vm"]), NOW).unwrap();
    let tls = dir.path().join("tls");
    assert_eq!(
        (mode(&tls.join("ca.key")), mode(&tls.join("server.key")), mode(&tls.join("ca.pem"))),
        (0o600, 0o600, 0o644)
    );
    assert_eq!(fs::read_to_string(&issued.authority.file).unwrap(), issued.authority.pem);
    let pairs: Vec<&str> = issued.authority.fingerprint.split(':').collect();
    assert_eq!(pairs.len(), 32);
    assert!(pairs.iter().all(|pair| pair.len() == 2
        && pair.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())));
    assert_eq!(issued.authority.fingerprint, fingerprint(&issued.certified.cert[1]));
}

#[test]
fn the_ca_lasts_ten_years_and_may_sign_servers_only_directly() {
    let dir = tempfile::tempdir().unwrap();
    let issued = ensure(&config(dir.path(), &[]), &names(&["vm"]), NOW).unwrap();
    let (_, ca) = x509_parser::parse_x509_certificate(&issued.certified.cert[1]).unwrap();
    let constraints = ca.basic_constraints().unwrap().unwrap();
    assert!(
        constraints.critical
            && constraints.value.ca
            && constraints.value.path_len_constraint == Some(0)
    );
    let years = (ca.validity().not_after.timestamp() - NOW.secs() as i64) / (365 * 86_400);
    assert_eq!(years, 10);
    let (_, leaf) = x509_parser::parse_x509_certificate(&issued.certified.cert[0]).unwrap();
    assert!(!leaf.is_ca() && leaf.subject().to_string() == "CN=vm");
}

#[test]
fn new_names_and_a_near_end_bring_a_new_certificate_under_the_same_ca() {
    let dir = tempfile::tempdir().unwrap();
    let machine = names(&["vm"]);
    let first = ensure(&config(dir.path(), &[]), &machine, NOW).unwrap();
    let renamed = ensure(&config(dir.path(), &["new.example"]), &machine, NOW).unwrap();
    assert_eq!(renamed.reissued, Some(Reissue::NamesChanged));
    let later = NOW.saturating_add(370 * DAY);
    let renewed = ensure(&config(dir.path(), &["new.example"]), &machine, later).unwrap();
    assert_eq!(renewed.reissued, Some(Reissue::EndsSoon));
    assert!(renewed.certificate.not_after > later.saturating_add(390 * DAY));
    assert_eq!((&renamed.authority, &renewed.authority), (&first.authority, &first.authority));
}

#[test]
fn near_the_end_of_the_ca_a_certificate_ends_with_it_and_is_not_issued_over_and_over() {
    let dir = tempfile::tempdir().unwrap();
    let machine = names(&["vm"]);
    ensure(&config(dir.path(), &[]), &machine, NOW).unwrap();
    let late = NOW.saturating_add(3_640 * DAY);
    let last = ensure(&config(dir.path(), &[]), &machine, late).unwrap();
    assert_eq!(last.certificate.not_after, NOW.saturating_add(3_650 * DAY));
    assert_eq!(ensure(&config(dir.path(), &[]), &machine, late).unwrap().reissued, None);
}

#[test]
fn what_a_crash_or_a_stranger_left_behind_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), &[]);
    let machine = names(&["vm"]);
    let tls = dir.path().join("tls");
    let other = tempfile::tempdir().unwrap();
    let foreign = Config { dir: other.path().to_owned(), ..config.clone() };
    ensure(&foreign, &machine, NOW).unwrap();
    ensure(&config, &machine, NOW).unwrap();
    let damages: [&dyn Fn(); 5] = [
        &|| fs::remove_file(tls.join("server.key")).unwrap(),
        &|| fs::remove_file(tls.join("server.pem")).unwrap(),
        &|| fs::write(tls.join("server.pem"), "rubbish").unwrap(),
        &|| assert!(fs::copy(other.path().join("server.key"), tls.join("server.key")).unwrap() > 0),
        &|| {
            fs::copy(other.path().join("server.key"), tls.join("server.key")).unwrap();
            fs::copy(other.path().join("server.pem"), tls.join("server.pem")).unwrap();
        },
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        damage();
        fs::write(tls.join("server.new"), "half").unwrap();
        assert_eq!(
            ensure(&config, &machine, NOW).unwrap().reissued,
            Some(Reissue::Unusable),
            "damage {number}"
        );
        assert_eq!(ensure(&config, &machine, NOW).unwrap().reissued, None, "damage {number}");
    }
}

#[test]
fn a_ca_key_kept_elsewhere_is_missed_only_when_something_must_be_signed() {
    let dir = tempfile::tempdir().unwrap();
    let machine = names(&["vm"]);
    ensure(&config(dir.path(), &[]), &machine, NOW).unwrap();
    fs::remove_file(dir.path().join("tls/ca.key")).unwrap();
    assert_eq!(ensure(&config(dir.path(), &[]), &machine, NOW).unwrap().reissued, None);
    let error = ensure(&config(dir.path(), &["other"]), &machine, NOW).unwrap_err();
    assert!(error.to_string().contains("ca.key is missing while"), "{error}");
    assert!(dir.path().join("tls/ca.pem").exists());
}

#[test]
fn a_step_reissues_in_time_and_otherwise_does_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::new(NOW);
    let tls = ServerTls::open(config(dir.path(), &["v.example"]), clock.shared()).unwrap();
    assert!(tls.state().names.contains(&TlsName::new("v.example").unwrap()));
    assert_eq!(tls.step().unwrap(), None);
    let before = tls.state();
    clock.advance(380 * DAY);
    assert!(tls.step().unwrap().unwrap().contains("ends within 30 days"));
    assert!(tls.state().not_after > before.not_after);
    assert_eq!(tls.state().authority, before.authority);
    assert!(tls.state().not_after > clock.now());
}

/// A pair as an operator may have it, written over whatever `own` held.
fn write_own(own: &OwnCertificate, name: &str) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    fs::write(&own.chain, made.cert.pem()).unwrap();
    fs::write(&own.key, made.signing_key.serialize_pem()).unwrap();
}

fn with_own(dir: &Path) -> (OwnCertificate, Config) {
    let own = OwnCertificate { chain: dir.join("chain.pem"), key: dir.join("key.pem") };
    (own.clone(), Config { own: Some(own), ..config(dir, &[]) })
}

#[test]
fn own_certificates_are_taken_over_when_their_files_change_and_no_ca_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let (own, config) = with_own(dir.path());
    write_own(&own, "one.example");
    let tls = ServerTls::open(config, ManualClock::new(NOW).shared()).unwrap();
    assert_eq!((tls.state().names, tls.state().authority), (names(&["one.example"]), None));
    assert_eq!(tls.step().unwrap(), None);
    write_own(&own, "two.example");
    assert!(tls.step().unwrap().unwrap().contains("took over"));
    assert_eq!(tls.state().names, names(&["two.example"]));
    assert!(!dir.path().join("tls").exists());
}

#[test]
fn a_broken_new_certificate_keeps_the_old_one_and_says_so_until_it_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    let (own, config) = with_own(dir.path());
    write_own(&own, "one.example");
    let tls = ServerTls::open(config, ManualClock::new(NOW).shared()).unwrap();
    let served = || Arc::clone(&tls.current.certificate.read());
    let before = served();

    let key = fs::read(&own.key).unwrap();
    write_own(&own, "two.example");
    fs::write(&own.key, &key).unwrap();
    assert!(matches!(tls.step().unwrap_err(), TlsError::Mismatch { .. }));
    assert_eq!(tls.step().unwrap(), None, "the same broken pair is reported once");
    assert!(Arc::ptr_eq(&before, &served()));
    assert!(tls.state().trouble.unwrap().contains("does not fit"));

    fs::write(&own.chain, "no pem").unwrap();
    assert!(matches!(tls.step().unwrap_err(), TlsError::NoCertificate { .. }));
    fs::remove_file(&own.key).unwrap();
    assert!(matches!(tls.step().unwrap_err(), TlsError::Read { .. }));
    write_own(&own, "three.example");
    assert!(tls.step().unwrap().is_some());
    assert_eq!((tls.state().names, tls.state().trouble), (names(&["three.example"]), None));
}

#[test]
fn files_that_come_back_unchanged_end_the_trouble() {
    let dir = tempfile::tempdir().unwrap();
    let (own, config) = with_own(dir.path());
    write_own(&own, "one.example");
    let tls = ServerTls::open(config, ManualClock::new(NOW).shared()).unwrap();
    fs::rename(&own.key, dir.path().join("aside")).unwrap();
    tls.step().unwrap_err();
    fs::rename(dir.path().join("aside"), &own.key).unwrap();
    tls.step().unwrap();
    assert_eq!(tls.state().trouble, None);
}

#[test]
fn a_pair_that_cannot_be_used_at_start_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (own, config) = with_own(dir.path());
    let open =
        || ServerTls::open(config.clone(), ManualClock::new(NOW).shared()).unwrap_err().to_string();
    assert!(open().starts_with("cannot read ") && open().ends_with("chain.pem"));
    write_own(&own, "one.example");
    fs::write(
        &own.key,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .unwrap();
    assert!(open().ends_with("key.pem holds no private key in PEM form without a passphrase"));
}

#[test]
fn the_configuration_adds_the_public_urls_host_and_the_further_names() {
    let flags = [
        ("public-url", "https://[2001:db8::1]:9443"),
        ("tls-name", "b.example"),
        ("data-dir", "/data"),
    ];
    let flags: Vec<_> =
        flags.iter().map(|(key, value)| (String::from(*key), String::from(*value))).collect();
    let config = Config::from_settings(&Settings::load(&flags, [], None).unwrap());
    assert_eq!(config.names, names(&["b.example", "2001:db8::1"]));
    assert_eq!(config.dir, Path::new("/data/tls"));
    assert!(config.own.is_none());
}
