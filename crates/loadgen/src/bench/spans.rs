//! The load of spans: sent, settled, compared.

use std::sync::Arc;

use anyhow::Result;

use super::meter::Meter;
use super::report::{Load, Sent, Verified};
use super::subject::Subject;
use crate::api::Api;
use crate::args::BenchArgs;
use crate::data::Shape;
use crate::data::template::Templates;
use crate::send::{Manner, send_prepared};
use crate::verify;

/// The load, and the differences between what was sent and what is shown.
pub(super) async fn load(
    subject: &Subject,
    args: &BenchArgs,
    shape: &Shape,
    manner: &Manner,
) -> Result<(Load, Vec<String>)> {
    let templates = Arc::new(Templates::build(shape));
    let mut api = if args.no_verify { None } else { subject.api(args)? };
    let mut meter = Meter::start(subject, args).await?;
    let outcome = send_prepared(shape, manner, &subject.endpoint, templates).await?;
    let sent = meter.sent()?;
    let compare = async |api: &mut Api| verify::verify(api, &outcome.expected).await;
    let (cost, differences) = meter.settle(sent, &mut api, compare).await?;
    let verified = Verified::of(api.is_some(), &differences);
    Ok((Load::of(Sent::of(&outcome), cost, verified), differences))
}
