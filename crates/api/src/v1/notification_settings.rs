//! The server that sends emails.

use alerting::actions::{self, Action, Doing, Email, Hidden, email};
use alerting::desk::Stored;
use api_types::{
    DeliveryAttempt, MailSecurity, MailServer, MailTest, NewNotificationSettings,
    NotificationSettings,
};
use axum::{Json, extract::State};

use super::Refusals;
use crate::{
    auth::{Caller, Deed, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::Body,
    notification,
};

/// What notices are sent by. Passwords are never shown.
#[utoipa::path(get, path = "/api/v1/notification-settings", tag = "notification settings",
    responses((status = 200, body = NotificationSettings), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
) -> Result<Json<NotificationSettings>, ApiError> {
    shown(&context, &caller).await
}

/// Changes what notices are sent by.
#[utoipa::path(put, path = "/api/v1/notification-settings", tag = "notification settings",
    request_body = NewNotificationSettings,
    responses((status = 200, body = NotificationSettings), Refusals))]
pub(crate) async fn replace(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<NewNotificationSettings>,
) -> Result<Json<NotificationSettings>, ApiError> {
    let server = wanted.mail.as_ref().map(sound).transpose()?;
    if wanted.password.as_ref().is_some_and(|password| password.chars().count() > 1_000) {
        return Err(ApiError::bad("password has to have at most 1000 characters"));
    }
    let before = shown(&context, &caller).await.ok();
    context.notifier.put_mail(caller.account.0, server, wanted.password.as_deref()).await?;
    tracing::info!(user = caller.name, "mail server changed");
    let after = shown(&context, &caller).await?;
    let host = after.mail.as_ref().map(|mail| mail.host.as_str()).unwrap_or_default();
    let deed = Deed { action: "change", object: "mail server", id: "", name: host };
    trail.tell(deed, before.as_deref(), Some(&after.0));
    Ok(after)
}

/// Sends a test over the stored mail server to one address, and tells how it ended.
#[utoipa::path(post, path = "/api/v1/notification-settings/test", tag = "notification settings",
    request_body = MailTest, responses((status = 200, body = DeliveryAttempt), Refusals))]
pub(crate) async fn test(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<MailTest>,
) -> Result<Json<DeliveryAttempt>, ApiError> {
    email::mailbox(&wanted.to).map_err(ApiError::Unprocessable)?;
    let email = Email { to: vec![wanted.to], subject: String::new() };
    let action = Stored {
        id: 0,
        account: caller.account.0,
        application: None,
        name: "mail server".to_owned(),
        value: Action::of(Doing::Email(email)),
    };
    let tried = context.notifier.try_action(&action, &Hidden::default()).await?;
    let to = tried.attempt.outcome.target.clone();
    let deed = Deed { action: "try", object: "mail server", id: "", name: &to };
    trail.tell(deed, None::<&()>, None::<&()>);
    Ok(Json(notification::shown_attempt(&tried.attempt)))
}

fn sound(mail: &MailServer) -> Result<email::MailServer, ApiError> {
    let host = mail.host.trim();
    let is_host = |one: char| one.is_alphanumeric() || matches!(one, '.' | '-' | ':' | '_');
    if host.is_empty() || host.len() > 255 || !host.chars().all(is_host) {
        return Err(ApiError::Unprocessable(
            "host has to be the name or address of a mail server, without a port".to_owned(),
        ));
    }
    if mail.port == 0 {
        return Err(ApiError::bad("port has to be between 1 and 65535"));
    }
    if !mail.user.is_empty() && mail.security == MailSecurity::None {
        return Err(ApiError::Unprocessable(
            "a password is not sent in the clear: use STARTTLS or TLS, or no user".to_owned(),
        ));
    }
    email::mailbox(&mail.from).map_err(ApiError::Unprocessable)?;
    Ok(email::MailServer {
        host: host.to_owned(),
        port: mail.port,
        security: match mail.security {
            MailSecurity::None => actions::email::Security::None,
            MailSecurity::StartTls => actions::email::Security::StartTls,
            MailSecurity::Tls => actions::email::Security::Tls,
        },
        user: mail.user.clone(),
        from: mail.from.clone(),
    })
}

async fn shown(context: &Context, caller: &Caller) -> Result<Json<NotificationSettings>, ApiError> {
    let mail = context.notifier.mail(caller.account.0).await?;
    let has_password = mail.as_ref().is_some_and(alerting::notifier::Mail::has_password);
    let server = |mail: alerting::notifier::Mail| MailServer {
        host: mail.server.host,
        port: mail.server.port,
        security: match mail.server.security {
            email::Security::None => MailSecurity::None,
            email::Security::StartTls => MailSecurity::StartTls,
            email::Security::Tls => MailSecurity::Tls,
        },
        user: mail.server.user,
        from: mail.server.from,
    };
    Ok(Json(NotificationSettings { mail: mail.map(server), has_password }))
}
