//! Bodies of the REST API `/api/v1`, shared by the server and by programs that call it.
//!
//! Only shapes: no rule, no IO. Times are UTC milliseconds since 1970, response times milliseconds, ids integers, trace
//! ids 32 and span ids 16 lower-case hexadecimal digits. A field that may be absent is `null`, never left out, so that the
//! document in `openapi/controller.json` gives clients types without guesses.

mod about;
mod access_key;
mod account;
mod anomaly;
mod api_client;
mod application;
mod audit;
mod backend;
mod baseline;
mod business_transaction;
mod comparison;
mod connect;
mod error;
mod error_group;
mod event;
mod figures;
mod flow_map;
mod health;
mod health_rule;
mod limit;
mod log;
mod metric;
mod node;
mod notification;
mod number;
mod page;
mod prometheus;
mod reference;
mod response_times;
mod role;
mod saved_search;
mod service_endpoint;
mod session;
mod snapshot;
mod span;
mod statement;
mod storage;
mod suggestion;
mod tier;
mod trace;
mod user;
mod view;
mod violation;

pub use self::{
    about::About,
    access_key::{AccessKey, NewAccessKey},
    account::{Account, TimeZoneSetting},
    anomaly::{
        Anomaly, AnomalyBackTested, AnomalyChange, AnomalyDetail, AnomalyEpisode, AnomalyModel,
        AnomalyPoint, AnomalySeries, AnomalyStatus, CauseEvidence, Feedback, FeedbackVerdict,
        Incident, IncidentDetail, ModelPoint, NewAnomalyBackTest, NewFeedback, OperationChange,
        PathStep, SeasonHour, Seasonality, Suspect, SuspectBrief,
    },
    api_client::{ApiClient, ApiClientChange, ApiClientSecret, NewApiClient, Rotation},
    application::{Application, ApplicationDetail, Hint, KeyFigures},
    audit::{ActorKind, AuditEntry},
    backend::{Backend, BackendDetail, BackendTransaction},
    baseline::{
        Band, BandHour, Bands, Baseline, BaselineChoice, BaselineSeason, BaselineState,
        BaselineWindow, Deviation, ExpectedFrom, HourBand, MetricDeviation, NewBaseline,
    },
    business_transaction::{
        BackgroundMark, BusinessTransaction, BusinessTransactionDetail, EntryType, Exclusion,
        LongLivedMark, NewTransactionGroup, Promotion, TransactionGroup, TransactionGroupDetail,
        WaitingTransaction,
    },
    comparison::{AttributeDifference, ComparedTraces, Comparison, OperationDifference, SlowBy},
    connect::{Attempt, AttemptResult, Attempts, Connect, Loopback},
    error::{ErrorBody, ErrorDetail},
    error_group::{ErrorGroup, ErrorGroupDetail, ErrorHit, ErrorPoint, ErrorSample, ErrorSamples},
    event::{
        Event, EventCount, EventEntity, EventMarks, EventProperty, EventSeverity, EventSubject,
        EventSummary, NewEvent, NewEventProperty,
    },
    figures::{Figures, Series, SeriesPoint},
    flow_map::{
        FlowMap, FlowMapEdge, FlowMapNode, FlowMapNodeKind, Layout, LayoutPosition, NodeFlowMap,
    },
    health::{BackgroundTask, Budget, Health, Memory},
    health_rule::{
        AffectedEntities, BackTest, ConditionSeries, Enabled, Episode, HealthRule, NewBackTest,
        RuleChart, RuleSchedule,
    },
    limit::{Limit, LimitState, Limits, Refusal},
    log::{LogBar, LogEntities, LogEntity, LogRecord, LogSummary, LogValue, LogValues},
    metric::{
        MetricData, MetricLevel, MetricName, MetricPath, MetricPoint, MetricSeries,
        RawDistribution, RawPoint, RawSeries, RawSeriesPoints, Sample, SampleBucket,
        SampleDistribution, SampledSeries, Samples,
    },
    node::{Node, NodeDetail},
    notification::{
        Action, ActionPreset, ActionPreview, CustomEventMatch, Delivery, DeliveryAttempt,
        DeliveryDetail, DeliveryState, Doing, EntitySelection, EventTypeGroup, MailSecurity,
        MailServer, MailTest, MatchedEvent, NameValue, NewAction, NewNotificationSettings,
        NewPolicy, NewSuppression, NoticeOptions, NotificationSettings, Policy, PolicyPreview,
        RenderedNotice, SelectedKind, Stretch, Suppression, SuppressionWindow,
    },
    page::{Page, Partial},
    prometheus::{PrometheusAnswer, PrometheusError},
    reference::Ref,
    response_times::{Percentiles, ResponseTimeCell, ResponseTimeColumn, ResponseTimes},
    role::{Grant, NewRole, Permission, Permissions, Role},
    saved_search::{NewSavedSearch, SavedSearch},
    service_endpoint::ServiceEndpoint,
    session::{HeldPermissions, Session, SessionUser, SignIn},
    snapshot::{Outcome, Snapshot, SnapshotReason},
    span::FoundSpan,
    statement::{Statement, Statements},
    storage::{
        Disk, JournalUsage, NewRetention, NewRetentions, Retention, RetentionLoss, Storage,
        TableLoss, TableUsage,
    },
    suggestion::{LookedAt, Suggestion, Suggestions},
    tier::{Tier, TierDetail, TierKind},
    trace::{
        Exit, ExitTarget, Link, Span, SpanEvent, SpanKind, SpanRole, SpanStatus, Trace,
        TraceTransaction,
    },
    user::{
        ChangePassword, Group, ListedSession, NewGroup, NewUser, SetPassword, User, UserChange,
    },
    view::{Drawing, LayoutGroup, NewSavedLayout, SavedLayout, SavedLayoutDetail},
    violation::{
        EntityHealth, EntityHealths, HealthLevel, ViolatedKind, Violation, ViolationChange,
        ViolationChangeKind, ViolationDetail, ViolationStatus,
    },
};
