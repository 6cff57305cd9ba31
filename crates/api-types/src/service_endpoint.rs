//! Service endpoints.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{figures::Figures, reference::Ref};

/// A service endpoint in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceEndpoint {
    pub id: u32,
    pub name: String,
    pub tier: Ref,
    pub figures: Figures,
}
