//! Entities.

use std::collections::BTreeSet;

use metadata_store::{Entities, Entity, MetadataStore, NewEntity, Page, StoreError};

fn named(name: &str) -> NewEntity {
    NewEntity {
        account_id: 1,
        kind: 2,
        application_id: 3,
        parent_id: 4,
        name: name.to_owned(),
        properties: "{\"hint\":\"🦀\"}".to_owned(),
        seen_ms: 50,
    }
}

fn numbered(numbers: std::ops::Range<u32>) -> Vec<NewEntity> {
    numbers.map(|n| named(&format!("node {n}"))).collect()
}

async fn all(store: &MetadataStore) -> Vec<Entity> {
    store.entities(Page::first(10_000)).await.unwrap()
}

pub(crate) async fn resolving_again_gives_the_same_ids(store: MetadataStore) {
    let first = store.resolve(&numbered(0..3)).await.unwrap();
    let changed: Vec<NewEntity> = numbered(0..3)
        .into_iter()
        .map(|entity| NewEntity { properties: "{}".to_owned(), seen_ms: 99, ..entity })
        .collect();
    assert_eq!(store.resolve(&changed).await.unwrap(), first);
    let stored = all(&store).await;
    let expected = Entity {
        id: first[0],
        account_id: 1,
        kind: 2,
        application_id: 3,
        parent_id: 4,
        name: "node 0".to_owned(),
        properties: "{\"hint\":\"🦀\"}".to_owned(),
        created_ms: 50,
        last_seen_ms: 50,
        state: 0,
    };
    assert_eq!((stored.len(), &stored[0]), (3, &expected));
}

pub(crate) async fn one_call_may_name_an_entity_twice(store: MetadataStore) {
    let ids = store.resolve(&[named("a"), named("b"), named("a")]).await.unwrap();
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(all(&store).await.len(), 2);
}

pub(crate) async fn names_are_compared_byte_by_byte(store: MetadataStore) {
    let names = ["shop", "Shop", "shop ", "shóp", "sho\u{301}p", "", &"é".repeat(255)];
    let ids = store.resolve(&names.map(named)).await.unwrap();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), names.len());
    let stored: Vec<String> = all(&store).await.into_iter().map(|entity| entity.name).collect();
    assert_eq!(stored, names);
    let refused = store.resolve(&[named(&"é".repeat(256))]).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { limit: 255, .. }), "{refused}");
}

pub(crate) async fn every_part_of_the_identity_counts(store: MetadataStore) {
    let variants = [
        named("a"),
        NewEntity { account_id: 9, ..named("a") },
        NewEntity { kind: 9, ..named("a") },
        NewEntity { application_id: 9, ..named("a") },
        NewEntity { parent_id: 9, ..named("a") },
    ];
    let ids = store.resolve(&variants).await.unwrap();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), variants.len());
}

pub(crate) async fn known_and_new_ones_are_answered_in_order(store: MetadataStore) {
    let known = store.resolve(&[named("b"), named("d")]).await.unwrap();
    let ids = store.resolve(&["a", "b", "c", "d"].map(named)).await.unwrap();
    assert_eq!([ids[1], ids[3]], known[..]);
    let stored = all(&store).await;
    for (id, name) in ids.iter().zip(["a", "b", "c", "d"]) {
        let entity = stored.iter().find(|entity| entity.id == *id).unwrap();
        assert_eq!(entity.name, name);
    }
}

/// Eight at once, each in an order of its own and each with some that nobody else has.
pub(crate) async fn concurrent_resolvers_agree(store: MetadataStore) {
    let resolvers = (0..8u32).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut wanted = numbered(0..40);
            wanted.rotate_left(5 * n as usize);
            wanted.extend(numbered(100 + n..102 + n));
            let ids = store.resolve(&wanted).await.unwrap();
            wanted.into_iter().map(|entity| entity.name).zip(ids).collect::<BTreeSet<_>>()
        })
    });
    let mut agreed = BTreeSet::new();
    for resolver in resolvers.collect::<Vec<_>>() {
        agreed.extend(resolver.await.unwrap());
    }
    assert_eq!(agreed.len(), 49, "one id for each name: {agreed:?}");
    let stored: BTreeSet<(String, u32)> =
        all(&store).await.into_iter().map(|entity| (entity.name, entity.id)).collect();
    assert_eq!(stored, agreed);
}

pub(crate) async fn a_thousand_at_once(store: MetadataStore) {
    let ids = store.resolve(&numbered(0..1201)).await.unwrap();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 1201);
    let seen: Vec<(u32, i64)> = ids.iter().map(|id| (*id, i64::from(*id) + 1000)).collect();
    store.touch(&seen).await.unwrap();
    let is_seen = |entity: &Entity| entity.last_seen_ms == i64::from(entity.id) + 1000;
    let stored = all(&store).await;
    assert!(stored.len() == 1201 && stored.iter().all(is_seen));
}

pub(crate) async fn entities_come_in_pages(store: MetadataStore) {
    let ids = store.resolve(&numbered(0..5)).await.unwrap();
    let mut walked = Vec::new();
    let mut page = Page::first(2);
    loop {
        let entities = store.entities(page).await.unwrap();
        walked.extend(entities.iter().map(|entity| entity.id));
        let Some(last) = entities.last().filter(|_| entities.len() == 2) else { break };
        page.after_id = last.id;
    }
    assert_eq!(walked, ids);
}

pub(crate) async fn being_seen_never_goes_back(store: MetadataStore) {
    let ids = store.resolve(&numbered(0..3)).await.unwrap();
    let unknown = ids[2] + 1;
    store.touch(&[(ids[0], 80), (ids[1], 40), (ids[0], 70), (unknown, 90)]).await.unwrap();
    let seen: Vec<i64> = all(&store).await.iter().map(|entity| entity.last_seen_ms).collect();
    assert_eq!(seen, [80, 50, 50]);
}

pub(crate) async fn properties_and_state_are_replaced(store: MetadataStore) {
    let ids = store.resolve(&numbered(0..2)).await.unwrap();
    let changed =
        |ids: &[u32], to: &str| ids.iter().map(|id| (*id, to.to_owned())).collect::<Vec<_>>();
    store.set_properties(&changed(&ids[1..], "{\"a\":1}")).await.unwrap();
    store.set_state(ids[1], 255).await.unwrap();
    let stored = all(&store).await;
    assert_eq!((stored[1].properties.as_str(), stored[1].state), ("{\"a\":1}", 255));
    assert_eq!(stored[0].state, 0);
    let partly = store.set_properties(&changed(&[ids[0], 99], "{\"b\":1}")).await;
    for missing in [partly, store.set_state(99, 1).await] {
        assert!(matches!(missing, Err(StoreError::NotFound { id: 99, .. })), "{missing:?}");
    }
    assert_eq!(all(&store).await[0].properties, stored[0].properties, "all or none");
}

pub(crate) async fn nothing_to_do_is_no_error(store: MetadataStore) {
    assert!(store.resolve(&[]).await.unwrap().is_empty());
    store.touch(&[]).await.unwrap();
    assert!(all(&store).await.is_empty());
}
