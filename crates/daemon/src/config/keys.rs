//! Every setting: its field, type, key, default and meaning. Adding one here is all it takes.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use super::{
    ByteSize, ConfigError, Key, Listen, LogFilter, LogFormat, MemoryLimit, MetadataUrl, PublicUrl,
    Roles, Secret, Sourced, Template, TlsName,
    layers::Layers,
    value::{Row, Value},
};

/// One table for the struct, the metadata and both directions, so that they cannot drift apart.
macro_rules! settings {
    ($(
        #[doc = $help:literal] $field:ident: $type:ty = $key:literal, $default:expr $(, at least $least:literal)?;
    )*) => {
        /// The effective configuration of a process.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Settings {
            $( #[doc = $help] pub $field: Sourced<$type>, )*
        }

        /// All settings, in the order in which they are shown.
        pub const KEYS: &[Key] = &[$( Key {
            name: $key,
            help: $help.trim_ascii_start(),
            default: $default,
            allowed: <$type as Value>::ALLOWED,
            least: concat!($($least)?),
            list: <$type as Value>::LIST,
            secret: <$type as Value>::SECRET,
        }, )*];

        impl Settings {
            pub(super) fn parse(layers: &Layers) -> Result<Self, ConfigError> {
                Ok(Self { $( $field: layers.get($key, $default)?, )* })
            }

            pub(super) fn rows(&self) -> Vec<Row> {
                vec![$( Row::new($key, &self.$field), )*]
            }
        }
    };
}

settings! {
    /// Directory for everything that Vedette keeps
    data_dir: PathBuf = "data-dir", "/var/lib/vedette";
    /// Roles that this process plays; this version takes only all
    roles: Roles = "roles", "all";

    /// Address of the HTTPS edge: UI, REST and agents' data
    https_listen: Listen = "https-listen", "0.0.0.0:443";
    /// Plaintext OTLP/gRPC address for local agents and collectors
    otlp_grpc_listen: Listen = "otlp-grpc-listen", "127.0.0.1:4317";
    /// Plaintext OTLP/HTTP address for local agents and collectors
    otlp_http_listen: Listen = "otlp-http-listen", "127.0.0.1:4318";
    /// Whether the plaintext OTLP addresses demand an access key too
    otlp_require_key: bool = "otlp-require-key", "false";

    /// URL under which people and agents reach this server
    public_url: Option<PublicUrl> = "public-url", "";
    /// Further names and addresses for the server's certificate
    tls_name: Vec<TlsName> = "tls-name", "";
    /// Own certificate chain (PEM), instead of the one that Vedette issues
    tls_cert: Option<PathBuf> = "tls-cert", "";
    /// Private key (PEM) of the own certificate
    tls_key: Option<PathBuf> = "tls-key", "";

    /// Whether browsers are told to insist on HTTPS for a year (HSTS); needs tls-cert
    hsts: bool = "hsts", "false";

    /// Password of the user admin at first start; a random one when unset
    admin_password: Option<Secret> = "admin-password", "", at least "12 characters";
    /// Access key for agents, added when it is new; at first start a random one when unset
    access_key: Option<Secret> = "access-key", "";

    /// A session ends after so long without a request
    session_idle: Duration = "session-idle", "30m";
    /// A session ends so long after signing in, whatever happens
    session_absolute: Duration = "session-absolute", "12h";
    /// Wrong passwords in a row that lock a user
    lock_after: NonZeroU32 = "lock-after", "10";
    /// For how long a user is locked after wrong passwords
    lock_for: Duration = "lock-for", "15m";
    /// Networks, addresses and names that notices may go to though they are inside this machine's own networks
    notice_allow: Vec<String> = "notice-allow", "";
    /// Commands that actions may run, each as name=/absolute/path; none when unset
    notice_commands: Vec<String> = "notice-commands", "";
    /// Certificates (PEM) that receivers of notices are trusted by, besides those of the machine
    notice_ca: Option<PathBuf> = "notice-ca", "";

    /// Whether Vedette reports its own metrics and requests to itself, as application Vedette
    self_monitoring: bool = "self-monitoring", "true";

    /// Where entities and configuration are kept
    metadata_url: MetadataUrl = "metadata-url", "sqlite";

    /// What is logged
    log_level: LogFilter = "log-level", "info";
    /// How a log line looks
    log_format: LogFormat = "log-format", "text";

    /// Memory that the process keeps to; auto is half of what the machine or its control group has, at most 2GiB
    memory_limit: MemoryLimit = "memory-limit", "auto", at least "256MiB";
    /// Size at which the journal refuses further data until it is consumed
    journal_max_bytes: ByteSize = "journal-max-bytes", "4GiB", at least "128MiB";
    /// Milliseconds that every fsync takes longer; for measurements only
    sync_delay_ms: Option<NonZeroU32> = "sync-delay-ms", "";
    /// Largest request body from an agent, as sent
    max_body_bytes: ByteSize = "max-body-bytes", "16MiB";
    /// Largest request body from an agent, decompressed
    max_inflated_bytes: ByteSize = "max-inflated-bytes", "64MiB";
    /// Attributes kept of one span, data point, log record or resource
    max_attributes: NonZeroU32 = "max-attributes", "128";
    /// Bytes kept of one attribute's value
    max_attribute_length: NonZeroU32 = "max-attribute-length", "4096";

    /// How long every trace is kept
    retention_traces: Duration = "retention-traces", "24h";
    /// How long snapshots are kept
    retention_snapshots: Duration = "retention-snapshots", "14d";
    /// How long figures by the minute are kept
    retention_minutes: Duration = "retention-minutes", "8d";
    /// How long figures by ten minutes are kept
    retention_ten_minutes: Duration = "retention-ten-minutes", "32d";
    /// How long figures by the hour are kept
    retention_hours: Duration = "retention-hours", "400d";
    /// How long raw metric points are kept; most are what minutes are worked out of, and are kept as long as those
    retention_samples: Duration = "retention-samples", "8d";
    /// How long log records are kept
    retention_logs: Duration = "retention-logs", "8d";
    /// How long events are kept: deployments, restarts, violations, what scripts post
    retention_events: Duration = "retention-events", "14d";
    /// How long the audit log is kept
    retention_audit: Duration = "retention-audit", "400d";

    /// Name of the application a span belongs to, from its resource attributes in braces
    application_template: Template = "application-template", "{service.namespace}-{deployment.environment.name}";
    /// Whether literals in statements, URL query values and credentials are removed before anything is stored
    sanitise: bool = "sanitise", "true";
    /// Words in an attribute's name, in any case, that mask its value
    mask_attributes: Vec<String> = "mask-attributes", "password,passwd,passphrase,pwd,secret,token,authorization,cookie,credential,api_key,apikey,api-key,access_key,private_key,session_id,credit_card,creditcard,card_number,cvv,ssn,iban";
}
