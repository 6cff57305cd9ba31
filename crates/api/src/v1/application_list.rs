//! What every list of an application's entities is asked with.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use model::{
    figure::Scope,
    id::{AccountId, EntityId},
};

use super::totals::Totals;
use crate::{
    auth::Caller,
    context::{Context, Shared},
    entities::Entities,
    error::ApiError,
    extract::{Params, PathId, Range},
    judge::{BaselineParams, Wanted},
    paging::Slice,
    period::Period,
};

/// A request for a list of an application's entities: whose, over which minutes, and which page.
#[derive(Debug)]
pub(crate) struct ApplicationList {
    pub(super) context: Shared,
    pub(super) account: AccountId,
    pub(super) entities: Entities,
    /// The one in the path, which the account has.
    pub(super) application: EntityId,
    pub(super) period: Period,
    pub(super) slice: Slice,
    /// What states go by.
    pub(super) baseline: Wanted,
}

impl FromRequestParts<Arc<Context>> for ApplicationList {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, ApiError> {
        let Caller { account, .. } = Caller::from_request_parts(parts, context).await?;
        let PathId(application) = PathId::from_request_parts(parts, context).await?;
        let Range { period, .. } = Range::from_request_parts(parts, context).await?;
        let slice = Slice::from_request_parts(parts, context).await?;
        let entities = context.every_entity(account);
        entities.application(application)?;
        let Params(baseline) = Params::<BaselineParams>::from_request_parts(parts, context).await?;
        let baseline = baseline.read(Wanted::Default)?;
        let context = Arc::clone(context);
        Ok(ApplicationList { context, account, entities, application, period, slice, baseline })
    }
}

impl ApplicationList {
    /// All figures of one scope in the application.
    pub(super) async fn totals(&self, scope: Scope) -> Result<Totals, ApiError> {
        self.totals_of(scope, None).await
    }

    /// Those of some subjects, or of all.
    pub(super) async fn totals_of(
        &self,
        scope: Scope,
        subjects: Option<&[EntityId]>,
    ) -> Result<Totals, ApiError> {
        let (asked, judged) = ((scope, subjects), (&self.period, self.baseline));
        Totals::of(&self.context, self.account, self.application, asked, judged).await
    }
}
