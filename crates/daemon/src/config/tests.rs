//! What a configuration may say, which layer wins, and what a refusal tells.

use std::fs;

use super::*;

fn load(
    flags: &[(&str, &str)],
    env: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Settings, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vedette.toml");
    fs::write(&path, file.unwrap_or_default()).unwrap();
    let flags: Vec<_> =
        flags.iter().map(|(key, value)| (String::from(*key), String::from(*value))).collect();
    let env = env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Settings::load(&flags, env, file.map(|_| path.as_path()))
}

/// The refusal, with the temporary file called FILE.
fn refusal(flags: &[(&str, &str)], env: &[(&str, &str)], file: Option<&str>) -> String {
    let error = load(flags, env, file).unwrap_err().to_string();
    match (error.find("(file "), error.find("/vedette.toml")) {
        (Some(start), Some(end)) => {
            format!("{}(file FILE{}", &error[..start], &error[end + "/vedette.toml".len()..])
        }
        _ => error,
    }
}

fn shown(settings: &Settings) -> String {
    let mut out = Vec::new();
    settings.show(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let settings = load(&[], &[], None).unwrap();
    assert_eq!(settings, Settings::defaults());
    assert_eq!(settings.data_dir.value, Path::new("/var/lib/vedette"));
    assert_eq!(settings.https_listen.to_string(), "0.0.0.0:443");
    assert_eq!(settings.journal_max_bytes.bytes(), 4 << 30);
    assert_eq!(settings.retention_traces.as_secs(), 86_400);
    assert_eq!(settings.roles.iter().count(), 6);
    assert_eq!(
        (settings.public_url.value.clone(), settings.admin_password.value.clone()),
        (None, None)
    );
    assert!(
        settings.sanitise.value && settings.mask_attributes.iter().any(|word| word == "password")
    );
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let file = "data-dir = \"/file\"\nlog-level = \"debug\"\nlog-format = \"json\"\n";
    let env = [("VEDETTE_DATA_DIR", "/env"), ("VEDETTE_LOG_LEVEL", "warn")];
    let settings = load(&[("data-dir", "/flag")], &env, Some(file)).unwrap();
    assert_eq!(settings.data_dir.value, Path::new("/flag"));
    assert_eq!(settings.data_dir.source.to_string(), "flag --data-dir");
    assert_eq!(settings.log_level.as_str(), "warn");
    assert_eq!(settings.log_level.source.to_string(), "env VEDETTE_LOG_LEVEL");
    assert_eq!(settings.log_format.value, LogFormat::Json);
    assert!(settings.log_format.source.to_string().starts_with("file /"));
    assert_eq!(settings.max_attributes.source, Source::Default);
}

#[test]
fn a_variable_may_name_the_file_and_a_flag_overrides_it() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one.toml"), dir.path().join("other.toml"));
    fs::write(&one, "data-dir = '/one'").unwrap();
    fs::write(&other, "data-dir = '/other'").unwrap();
    let env = [(OsString::from("VEDETTE_CONFIG"), one.into_os_string())];
    assert_eq!(Settings::load(&[], env.clone(), None).unwrap().data_dir.value, Path::new("/one"));
    assert_eq!(Settings::load(&[], env, Some(&other)).unwrap().data_dir.value, Path::new("/other"));
}

#[test]
fn lists_come_as_arrays_commas_or_repeated_flags() {
    let names = |settings: Settings| {
        settings.tls_name.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        names(load(&[], &[], Some("tls-name = ['A.example', '10.0.0.1']")).unwrap()),
        "a.example 10.0.0.1"
    );
    assert_eq!(
        names(load(&[], &[("VEDETTE_TLS_NAME", "a, b,,*.c.d")], Some("tls-name = 'z'")).unwrap()),
        "a b *.c.d"
    );
    assert_eq!(
        names(
            load(&[("tls-name", "a"), ("tls-name", "b,c")], &[("VEDETTE_TLS_NAME", "z")], None)
                .unwrap()
        ),
        "a b c"
    );
    assert_eq!(load(&[], &[], Some("mask-attributes = []")).unwrap().mask_attributes.len(), 0);
}

#[test]
fn a_refusal_names_key_value_source_and_what_is_allowed() {
    assert_eq!(
        refusal(&[("https-listen", "443")], &[], None),
        "https-listen = \"443\" (flag --https-listen) is refused: \
         allowed is an IP address and port such as 0.0.0.0:443, [::]:443 or 127.0.0.1:4317, or off; \
         of names only localhost, which is 127.0.0.1"
    );
    assert_eq!(
        refusal(&[], &[("VEDETTE_SANITISE", "perhaps")], None),
        "sanitise = \"perhaps\" (env VEDETTE_SANITISE) is refused: allowed is true or false"
    );
    assert_eq!(
        refusal(&[], &[], Some("memory-limit = '2 gibibytes'")),
        "memory-limit = \"2 gibibytes\" (file FILE) is refused: \
         allowed is auto, or a size such as 512MiB, 4GiB or 1000000000, at least 256MiB"
    );
    assert_eq!(
        refusal(&[("memory-limit", "255MiB")], &[], None),
        "memory-limit = \"255MiB\" (flag --memory-limit) is refused: \
         allowed is auto, or a size such as 512MiB, 4GiB or 1000000000, at least 256MiB"
    );
    assert_eq!(
        refusal(&[], &[("VEDETTE_JOURNAL_MAX_BYTES", "127MiB")], None),
        "journal-max-bytes = \"127MiB\" (env VEDETTE_JOURNAL_MAX_BYTES) is refused: \
         allowed is a size of at least one byte such as 512MiB, 4GiB or 1000000, at least 128MiB"
    );
    assert!(
        load(&[("memory-limit", "256MiB"), ("journal-max-bytes", "128MiB")], &[], None).is_ok()
    );
    assert!(
        refusal(&[], &[], Some("data-dir = ['a']"))
            .starts_with("data-dir = [\"a\"] (file FILE) is refused")
    );
    assert!(refusal(&[], &[], Some("data-dir = { a = 1 }")).starts_with("data-dir = "));
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_known_one_in_the_same_spelling() {
    let cases = [
        (
            refusal(&[("data-dri", "x")], &[], None),
            "unknown setting data-dri (flag --data-dri); did you mean --data-dir?",
        ),
        (
            refusal(&[], &[("VEDETTE_DATADIR", "x")], None),
            "unknown setting VEDETTE_DATADIR (env VEDETTE_DATADIR); did you mean VEDETTE_DATA_DIR?",
        ),
        (
            refusal(&[], &[], Some("otlp_grpc_listen = 'off'")),
            "unknown setting otlp_grpc_listen (file FILE); did you mean otlp-grpc-listen?",
        ),
        (refusal(&[("xyzzy", "x")], &[], None), "unknown setting xyzzy (flag --xyzzy)"),
    ];
    for (refusal, expected) in cases {
        assert_eq!(refusal, expected);
    }
}

#[test]
fn variables_that_kubernetes_makes_for_a_service_called_vedette_are_no_settings() {
    let env = [
        ("VEDETTE_SERVICE_HOST", "10.0.0.1"),
        ("VEDETTE_SERVICE_PORT", "443"),
        ("VEDETTE_SERVICE_PORT_HTTPS", "443"),
        ("VEDETTE_PORT", "tcp://10.0.0.1:443"),
        ("VEDETTE_PORT_443_TCP", "tcp://10.0.0.1:443"),
        ("VEDETTE_PORT_443_TCP_PROTO", "tcp"),
        ("VEDETTE_UI_PORT", "tcp://10.0.0.2:80"),
    ];
    assert_eq!(load(&[], &env, None).unwrap(), Settings::defaults());
    assert!(load(&[], &[("VEDETTE_PORT", "443")], None).is_err());
}

#[test]
fn a_broken_or_missing_file_is_named() {
    let missing = Settings::load(&[], [], Some(Path::new("/nowhere/v.toml"))).unwrap_err();
    assert_eq!(missing.to_string(), "cannot read the configuration file /nowhere/v.toml");
    assert!(matches!(load(&[], &[], Some("a = ")).unwrap_err(), ConfigError::Syntax { .. }));
}

#[test]
fn an_own_certificate_needs_its_key_and_a_key_its_certificate() {
    assert_eq!(
        refusal(&[("tls-cert", "/c.pem")], &[], None),
        "tls-cert = \"/c.pem\" (flag --tls-cert) is refused: allowed is given only together with tls-key"
    );
    assert!(load(&[("tls-key", "/k.pem")], &[], None).is_err());
    assert!(load(&[("tls-cert", "/c.pem"), ("tls-key", "/k.pem")], &[], None).is_ok());
}

#[test]
fn hsts_needs_a_certificate_that_does_not_change_by_itself() {
    assert_eq!(
        refusal(&[("hsts", "true")], &[], None),
        "hsts = true (flag --hsts) is refused: allowed is true only together with tls-cert"
    );
    let own = [("hsts", "true"), ("tls-cert", "/c.pem"), ("tls-key", "/k.pem")];
    assert!(load(&own, &[], None).is_ok());
}

#[test]
fn an_inflated_body_may_not_be_capped_below_a_plain_one() {
    let refusal = refusal(&[("max-inflated-bytes", "1MiB")], &[], None);
    assert!(refusal.ends_with("allowed is at least max-body-bytes, which is 16MiB"), "{refusal}");
}

#[test]
fn secrets_are_nowhere_to_be_seen() {
    let flags = [
        ("admin-password", "hunter2"),
        ("access-key", "hunter2"),
        ("metadata-url", "mysql://vedette:hunter2@db.example:3388/vedette"),
    ];
    let settings = load(&flags, &[], None).unwrap();
    assert_eq!(settings.admin_password.value.as_ref().unwrap().reveal(), "hunter2");
    assert!(!shown(&settings).contains("hunter2") && !format!("{settings:?}").contains("hunter2"));
    assert!(shown(&settings).contains("mysql://vedette:***@db.example:3388/vedette"));
    let refused = [
        refusal(&[("admin-password", "hunter2\n")], &[], None),
        refusal(&[("metadata-url", "mysql:/vedette:hunter2@db/vedette")], &[], None),
        refusal(&[], &[], Some("access-key = ['hunter2']")),
    ];
    assert!(
        refused.iter().all(|text| !text.contains("hunter2") && text.contains("***")),
        "{refused:?}"
    );
}

#[test]
fn what_is_shown_can_be_used_as_a_file_and_says_the_same() {
    let flags = [
        ("public-url", "https://v.example:9443"),
        ("tls-name", "a,b"),
        ("roles", "intake,ingress"),
        ("https-listen", "off"),
    ];
    let settings = load(&flags, &[("VEDETTE_RETENTION_LOGS", "90m")], None).unwrap();
    let shown = shown(&settings);
    let again = load(&[], &[], Some(&shown)).unwrap();
    let values = |settings: &Settings| {
        settings.rows().into_iter().map(|row| (row.key, row.value)).collect::<Vec<_>>()
    };
    assert_eq!(values(&again), values(&settings));
    assert_eq!(shown.lines().count(), KEYS.len());
    assert!(shown.contains("https-listen          = \"off\""), "{shown}");
    assert!(
        shown.contains("  # env VEDETTE_RETENTION_LOGS\n") && shown.contains("\"90m\""),
        "{shown}"
    );
}

#[test]
fn every_key_has_a_help_text_a_variable_and_a_default_that_is_allowed() {
    for key in KEYS {
        assert!(
            !key.help.is_empty() && !key.help.ends_with('.') && !key.allowed.is_empty(),
            "{key:?}"
        );
        let settings = load(&[], &[(&key.env(), key.default)], None).unwrap();
        let row = settings.rows().into_iter().find(|row| row.key == key.name).unwrap();
        assert_eq!(row.source, Source::Env(key.env()), "{key:?}");
    }
}

/// What `show` prints for `key` when it is set to `text`, or `refused`.
fn check(key: &str, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let shown = load(&[(key, text)], &[], None).map_or_else(
            |_| "refused".to_owned(),
            |settings| settings.rows().into_iter().find(|row| row.key == key).unwrap().value,
        );
        assert_eq!(shown.trim_matches('"'), *expected, "{key} = {text}");
    }
}

#[test]
fn sizes_and_lengths_of_time_are_read_with_units() {
    let sizes = [
        ("1000000000", "1GB"),
        ("1073741824", "1GiB"),
        ("4 gib", "4GiB"),
        ("200000001", "200000001B"),
        ("0", "refused"),
        ("4G", "refused"),
        ("-1", "refused"),
        ("1.5GiB", "refused"),
        ("99999999999TiB", "refused"),
        ("", "refused"),
    ];
    check("journal-max-bytes", &sizes);
    check(
        "retention-logs",
        &[
            ("2w", "14d"),
            ("36h", "36h"),
            ("90s", "90s"),
            ("48h", "2d"),
            ("0d", "refused"),
            ("8", "refused"),
        ],
    );
    check("max-attributes", &[("1", "1"), ("0", "refused"), ("many", "refused")]);
}

#[test]
fn public_urls_are_https_and_bare() {
    let good = [
        ("https://V.example", "https://v.example"),
        ("https://10.0.0.5:9443/", "https://10.0.0.5:9443"),
    ];
    check("public-url", &good);
    check("public-url", &[("https://[::1]:8443", "https://[::1]:8443"), ("", "")]);
    for bad in [
        "http://v.example",
        "v.example",
        "https://v.example/path",
        "https://u@v.example",
        "https://v.example:",
        "https://*.x",
        "https://a:99999",
        "https://v.example:0",
        "https://1.2.3.4.5",
    ] {
        check("public-url", &[(bad, "refused")]);
    }
    let url =
        load(&[("public-url", "https://[::1]")], &[], None).unwrap().public_url.value.unwrap();
    assert_eq!((url.host(), url.port()), ("::1", 443));
}

#[test]
fn listen_addresses_are_numbers_or_localhost() {
    let cases = [
        ("localhost:4317", "127.0.0.1:4317"),
        ("[::1]:0", "[::1]:0"),
        ("off", "off"),
        ("localhost", "refused"),
        ("localhost:99999", "refused"),
        ("vedette.example:443", "refused"),
        (":443", "refused"),
    ];
    check("otlp-grpc-listen", &cases);
}

#[test]
fn the_least_of_a_setting_is_shown_beside_its_value() {
    let shown = shown(&Settings::defaults());
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("memory-limit").ends_with("# default; at least 256MiB"), "{shown}");
    assert!(line("journal-max-bytes").ends_with("# default; at least 128MiB"), "{shown}");
    assert!(line("admin-password").ends_with("# default; at least 12 characters"), "{shown}");
    assert!(line("data-dir").ends_with("# default"), "{shown}");
}

#[test]
fn names_templates_filters_and_roles_are_checked() {
    check(
        "tls-name",
        &[
            ("-a", "refused"),
            ("a..b", "refused"),
            ("a b", "refused"),
            ("http://a", "refused"),
            ("::1", "[\"::1\"]"),
            ("1.2.3.4.5", "refused"),
            ("*.7", "refused"),
            ("4.example", "[\"4.example\"]"),
        ],
    );
    check(
        "log-level",
        &[
            ("info,ingest::http=debug", "info,ingest::http=debug"),
            ("loud", "refused"),
            ("a=", "refused"),
        ],
    );
    for bad in ["", "fixed", "{a", "a}", "{}", "{{a}}"] {
        check("application-template", &[(bad, "refused")]);
    }
    check(
        "roles",
        &[("all", "all"), ("intake", "[\"intake\"]"), ("intake,cook", "refused"), ("", "refused")],
    );
    check(
        "metadata-url",
        &[
            ("sqlite", "sqlite"),
            ("postgres://x/y", "refused"),
            ("mysql://db", "refused"),
            ("mysql://u@h/d", "mysql://u@h/d"),
        ],
    );
}
