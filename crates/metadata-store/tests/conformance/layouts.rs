//! Layouts.

use metadata_store::{FIRST_ACCOUNT, Layouts, MetadataStore, NodePosition};

fn at(entity_id: u32, x: f64, pinned: bool) -> NodePosition {
    NodePosition { entity_id, x, y: -1.5, pinned }
}

pub(crate) async fn a_layout_keeps_what_was_not_moved(store: MetadataStore) {
    assert!(store.layout(FIRST_ACCOUNT, "application/1").await.unwrap().is_empty());
    let first = [at(2, 0.1, false), at(1, 1e300, true)];
    store.save_layout(FIRST_ACCOUNT, "application/1", &first).await.unwrap();
    store.save_layout(FIRST_ACCOUNT, "application/1", &[at(2, 9.25, true)]).await.unwrap();
    let layout = store.layout(FIRST_ACCOUNT, "application/1").await.unwrap();
    assert_eq!(layout, [at(1, 1e300, true), at(2, 9.25, true)]);
}

pub(crate) async fn maps_do_not_share_positions(store: MetadataStore) {
    store.save_layout(1, "a", &[at(1, 1.0, false)]).await.unwrap();
    store.save_layout(1, "A", &[at(1, 2.0, false)]).await.unwrap();
    store.save_layout(2, "a", &[at(1, 3.0, false)]).await.unwrap();
    assert_eq!(store.layout(1, "a").await.unwrap(), [at(1, 1.0, false)]);
    assert_eq!(store.layout(1, "A").await.unwrap(), [at(1, 2.0, false)]);
    assert_eq!(store.layout(2, "a").await.unwrap(), [at(1, 3.0, false)]);
}

pub(crate) async fn the_last_position_of_an_entity_counts(store: MetadataStore) {
    let mut many: Vec<NodePosition> = (0..1200).map(|id| at(id, 1.0, false)).collect();
    many.push(at(7, 2.0, true));
    store.save_layout(1, "all", &many).await.unwrap();
    let layout = store.layout(1, "all").await.unwrap();
    assert_eq!((layout.len(), layout[7]), (1200, at(7, 2.0, true)));
    store.save_layout(1, "all", &[]).await.unwrap();
    assert_eq!(store.layout(1, "all").await.unwrap().len(), 1200);
}
