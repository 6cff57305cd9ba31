//! Business transactions.

use std::{collections::BTreeSet, sync::Arc};

use model::{entity::Entity, id::EntityId};

use super::{
    agent::entry_point_type,
    asked::Asked,
    document::{Document, Shape},
};
use crate::{error::ApiError, v1::business_transactions::exclude};

/// Business transactions in one request.
const MOST: usize = 1000;

pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let all = match asked.flag("exclude")? {
        Some(true) => asked.entities().excluded(app.id),
        _ => asked.entities().transactions(app.id, asked.context().now_ms()),
    };
    Ok(document(&asked, &all))
}

/// Excludes the business transactions of an XML list (`exclude=true`), or restores them (`exclude=false`). The answer is
/// that list.
pub(crate) async fn change(asked: Asked, body: String) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let excluded = asked.flag("exclude")?.ok_or_else(|| {
        ApiError::bad("exclude is missing: true excludes the listed business transactions, false restores them")
    })?;
    let of_app = |id: EntityId| {
        let found = asked.entities().transaction(id)?;
        match found.key.application == app.id {
            true => Ok(found),
            false => Err(ApiError::missing("business transaction", id)),
        }
    };
    // All are there before the first is changed.
    let wanted: Vec<Arc<Entity>> =
        listed(&body)?.into_iter().map(of_app).collect::<Result<_, _>>()?;
    if excluded && let Some(other) = wanted.iter().find(|bt| bt.properties.other_traffic) {
        return Err(ApiError::Unprocessable(format!(
            "{:?} holds what has no business transaction of its own and cannot be excluded",
            other.key.name
        )));
    }
    for bt in &wanted {
        exclude(asked.context(), &asked.caller, bt, excluded).await?;
    }
    Ok(document(&asked, &wanted))
}

/// The ids in an XML list of business transactions.
fn listed(body: &str) -> Result<BTreeSet<EntityId>, ApiError> {
    let shape = "the body has to be XML: <business-transactions><business-transaction><id>1</id></business-transaction>\
                 </business-transactions>";
    let document = roxmltree::Document::parse(body)
        .map_err(|error| ApiError::bad(format!("{shape}; it cannot be read: {error}")))?;
    let id = |item: roxmltree::Node<'_, '_>| {
        let id = item.children().find(|child| child.has_tag_name("id"))?;
        id.text()?.trim().parse().ok().map(EntityId)
    };
    let items = document.descendants().filter(|node| node.has_tag_name("business-transaction"));
    let ids: Option<BTreeSet<EntityId>> = items.map(id).collect();
    match ids {
        Some(ids) if (1..=MOST).contains(&ids.len()) => Ok(ids),
        Some(ids) if ids.len() > MOST => {
            Err(ApiError::bad(format!("the list has more than {MOST} business transactions")))
        }
        _ => Err(ApiError::bad(format!("{shape}; each with its id"))),
    }
}

fn document(asked: &Asked, all: &[Arc<Entity>]) -> Document {
    let items = all.iter().map(|bt| shape(asked, bt)).collect();
    asked.list("business-transactions", "business-transaction", items)
}

fn shape(asked: &Asked, bt: &Entity) -> Shape {
    let tier = asked.entities().get(bt.key.parent);
    let runtime = tier.as_ref().map(|tier| tier.properties.system.as_str()).unwrap_or_default();
    let tier_name = tier.as_ref().map(|tier| tier.key.name.as_str()).unwrap_or_default();
    Shape::Object(vec![
        ("background", bt.properties.is_background().into()),
        ("entryPointType", entry_point_type(&bt.properties.category, runtime).into()),
        ("id", bt.id.0.into()),
        ("internalName", bt.key.name.as_str().into()),
        ("name", bt.key.name.as_str().into()),
        ("tierId", bt.key.parent.0.into()),
        ("tierName", tier_name.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_a_list_whatever_else_its_items_say() {
        let list = "<?xml version=\"1.0\"?><business-transactions>\
            <business-transaction><id> 8 </id><name>a &amp; b</name></business-transaction>\
            <business-transaction><name/><id>9</id></business-transaction></business-transactions>";
        assert_eq!(listed(list).unwrap(), BTreeSet::from([EntityId(8), EntityId(9)]));
        for wrong in [
            "",
            "[8]",
            "<business-transactions/>",
            "<business-transactions><business-transaction><id>x</id></business-transaction></business-transactions>",
            "<business-transaction><name>8</name></business-transaction>",
            "<business-transactions><business-transaction><id>8</id>",
        ] {
            assert!(matches!(listed(wrong), Err(ApiError::BadRequest(_))), "{wrong}");
        }
    }
}
