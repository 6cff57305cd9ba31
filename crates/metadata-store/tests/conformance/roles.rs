//! Roles, groups, and what they add up to.

use metadata_store::{
    ACCOUNT_OWNER, ADMINISTRATOR, FIRST_ACCOUNT, Groups, Membership, Memberships, MetadataStore,
    NewGroup, NewRole, NewUser, OPERATOR, Role, Roles, StoreError, USER, Users, VIEWER,
};
use model::{
    access::{Grant, Permission, Rights},
    id::EntityId,
};

use crate::{
    audit::entry,
    users::{new_user, owner},
};

const SHOP: EntityId = EntityId(7);

fn new_role(name: &str, grants: &[Grant]) -> NewRole {
    NewRole {
        account_id: FIRST_ACCOUNT,
        name: name.to_owned(),
        description: "of the shop".to_owned(),
        grants: grants.to_vec(),
    }
}

fn new_group(name: &str, users: &[u32], roles: &[u32]) -> NewGroup {
    NewGroup {
        account_id: FIRST_ACCOUNT,
        name: name.to_owned(),
        description: String::new(),
        users: users.to_vec(),
        roles: roles.to_vec(),
    }
}

pub(crate) async fn the_predefined_roles_are_there_and_stay(store: MetadataStore) {
    let roles = store.roles(FIRST_ACCOUNT).await.unwrap();
    let names: Vec<(u32, &str)> = roles.iter().map(|role| (role.id, &*role.name)).collect();
    assert_eq!(
        names,
        [
            (ACCOUNT_OWNER, "Account Owner"),
            (ADMINISTRATOR, "Administrator"),
            (OPERATOR, "Operator"),
            (USER, "User"),
            (VIEWER, "Viewer"),
        ]
    );
    let rights = |role: &Role| role.grants.iter().copied().collect::<Rights>();
    assert_eq!(rights(&roles[0]), Rights::all());
    assert!(roles.iter().all(|role| role.predefined && rights(&roles[0]).cover(&rights(role))));
    assert!(!rights(&roles[1]).somewhere(Permission::AdministerAccount));
    assert_eq!(rights(&roles[4]), [Grant::everywhere(Permission::View)].into_iter().collect());
    for id in [ACCOUNT_OWNER, VIEWER] {
        let changed = store.update_role(id, &new_role("x", &[]), &entry()).await;
        assert!(matches!(changed, Err(StoreError::Predefined)), "{changed:?}");
        let deleted = store.delete_role(FIRST_ACCOUNT, id, &entry()).await;
        assert!(matches!(deleted, Err(StoreError::Predefined)), "{deleted:?}");
    }
    // Their names are taken, too: their keys are those of these very names.
    let twin = store.create_role(&new_role("Viewer", &[]), &entry()).await.unwrap_err();
    assert!(matches!(twin, StoreError::AlreadyExists { .. }), "{twin}");
    assert_eq!(store.roles(FIRST_ACCOUNT).await.unwrap(), roles);
}

pub(crate) async fn a_role_is_made_changed_and_deleted(store: MetadataStore) {
    let view = Grant::within(Permission::View, SHOP);
    let id = store.create_role(&new_role("shop", &[view, view]), &entry()).await.unwrap();
    let read = async || {
        let roles = store.roles(FIRST_ACCOUNT).await.unwrap();
        roles.into_iter().find(|role| role.id == id)
    };
    let role = read().await.unwrap();
    assert_eq!((&*role.name, role.predefined, role.grants), ("shop", false, vec![view]));
    let wider = new_role("shops", &[Grant::everywhere(Permission::Configure)]);
    store.update_role(id, &wider, &entry()).await.unwrap();
    let role = read().await.unwrap();
    assert_eq!((role.name, role.grants), (wider.name.clone(), wider.grants.clone()));
    let theirs = NewRole { account_id: FIRST_ACCOUNT + 1, ..wider };
    let theirs = store.update_role(id, &theirs, &entry()).await.unwrap_err();
    assert!(matches!(theirs, StoreError::NotFound { .. }), "{theirs}");
    store.delete_role(FIRST_ACCOUNT, id, &entry()).await.unwrap();
    assert_eq!(read().await, None);
    let gone = store.delete_role(FIRST_ACCOUNT, id, &entry()).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
}

pub(crate) async fn rights_add_up_over_roles_and_groups(store: MetadataStore) {
    let shop = Grant::within(Permission::Configure, SHOP);
    let role = store.create_role(&new_role("shop", &[shop]), &entry()).await.unwrap();
    let new = NewUser { roles: vec![VIEWER], ..new_user("ada") };
    let ada = store.create_user(&new, &entry()).await.unwrap();
    let bob = store.create_user(&new_user("bob"), &entry()).await.unwrap();
    let group = new_group("shopkeepers", &[ada], &[role]);
    let group_id = store.create_group(&group, &entry()).await.unwrap();
    let grants =
        async |user| store.rights_of_user(user).await.unwrap().grants().collect::<Vec<Grant>>();
    assert_eq!(grants(ada).await, [Grant::everywhere(Permission::View), shop]);
    assert!(grants(bob).await.is_empty());
    store.create_user(&owner("root"), &entry()).await.unwrap();
    let who = async |permission| store.who_may(FIRST_ACCOUNT, permission, 9).await.unwrap();
    assert_eq!(who(Permission::View).await, ["ada", "root"]);
    assert_eq!(who(Permission::Configure).await, ["root"], "over the account, not over the shop");
    store.delete_group(FIRST_ACCOUNT, group_id, &entry()).await.unwrap();
    assert_eq!(grants(ada).await, [Grant::everywhere(Permission::View)]);
}

pub(crate) async fn memberships_come_and_go_one_by_one(store: MetadataStore) {
    let root = store.create_user(&owner("root"), &entry()).await.unwrap();
    let ada = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    let group = store.create_group(&new_group("team", &[], &[]), &entry()).await.unwrap();
    let all = [
        Membership::UserInGroup { user: ada, group },
        Membership::RoleOfUser { user: ada, role: USER },
        Membership::RoleOfGroup { group, role: VIEWER },
    ];
    for membership in all.into_iter().chain(all) {
        store.add_membership(FIRST_ACCOUNT, membership, &entry()).await.unwrap();
    }
    let list = store.memberships(FIRST_ACCOUNT).await.unwrap();
    assert_eq!(list.members, [(ada, group)]);
    assert_eq!(list.user_roles, [(root, ACCOUNT_OWNER), (ada, USER)]);
    assert_eq!(list.group_roles, [(group, VIEWER)]);
    for membership in all.into_iter().chain(all) {
        store.remove_membership(FIRST_ACCOUNT, membership, &entry()).await.unwrap();
    }
    let list = store.memberships(FIRST_ACCOUNT).await.unwrap();
    assert!(list.members.is_empty() && list.group_roles.is_empty());
    for unknown in [
        Membership::UserInGroup { user: 99, group },
        Membership::RoleOfUser { user: ada, role: 99 },
        Membership::RoleOfGroup { group: 99, role: VIEWER },
    ] {
        let missing = store.add_membership(FIRST_ACCOUNT, unknown, &entry()).await.unwrap_err();
        assert!(matches!(missing, StoreError::NotFound { id: 99, .. }), "{missing}");
    }
    let last = Membership::RoleOfUser { user: root, role: ACCOUNT_OWNER };
    let last = store.remove_membership(FIRST_ACCOUNT, last, &entry()).await.unwrap_err();
    assert!(matches!(last, StoreError::LastOwner), "{last}");
}

pub(crate) async fn a_group_that_holds_the_last_owner_stays(store: MetadataStore) {
    let ada = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    let owners = new_group("owners", &[ada], &[ACCOUNT_OWNER]);
    let id = store.create_group(&owners, &entry()).await.unwrap();
    let deleted = store.delete_group(FIRST_ACCOUNT, id, &entry()).await;
    assert!(matches!(deleted, Err(StoreError::LastOwner)), "{deleted:?}");
    let emptied = NewGroup { users: Vec::new(), ..owners };
    let emptied = store.update_group(id, &emptied, &entry()).await;
    assert!(matches!(emptied, Err(StoreError::LastOwner)), "{emptied:?}");
    assert_eq!(store.memberships(FIRST_ACCOUNT).await.unwrap().members, [(ada, id)]);
    let twin = store.create_group(&new_group("owners", &[], &[]), &entry()).await.unwrap_err();
    assert!(matches!(twin, StoreError::AlreadyExists { .. }), "{twin}");
}
