//! Names that look like those of real systems.

use super::super::chance::Chance;

const THINGS: [&str; 60] = [
    "order",
    "cart",
    "catalog",
    "price",
    "stock",
    "payment",
    "customer",
    "account",
    "search",
    "review",
    "shipping",
    "invoice",
    "coupon",
    "loyalty",
    "email",
    "profile",
    "session",
    "media",
    "rating",
    "refund",
    "address",
    "tax",
    "fraud",
    "ledger",
    "quote",
    "route",
    "ticket",
    "seat",
    "booking",
    "partner",
    "offer",
    "wishlist",
    "warehouse",
    "supplier",
    "delivery",
    "report",
    "audit",
    "consent",
    "token",
    "geo",
    "weather",
    "currency",
    "policy",
    "claim",
    "document",
    "image",
    "video",
    "playlist",
    "comment",
    "feed",
    "friend",
    "message",
    "device",
    "meter",
    "tariff",
    "contract",
    "agenda",
    "meeting",
    "room",
    "badge",
];
const SUFFIXES: [&str; 5] = ["", "-api", "-service", "-core", "-hub"];
const FRONTS: [&str; 12] = [
    "web",
    "mobile-gateway",
    "storefront",
    "partner-gateway",
    "admin-portal",
    "kiosk",
    "bff-app",
    "public-api",
    "call-center",
    "edge",
    "graphql",
    "console",
];
const VERBS: [(&str, &str); 8] = [
    ("GET", ""),
    ("GET", "/{id}"),
    ("POST", ""),
    ("PUT", "/{id}"),
    ("GET", "/{id}/items"),
    ("POST", "/{id}/confirm"),
    ("GET", "/search"),
    ("DELETE", "/{id}"),
];

/// Different names for so many tiers; the first `fronts` are front doors.
pub(super) fn tiers(chance: &mut Chance, fronts: usize, all: usize) -> Vec<String> {
    let mut inner: Vec<String> = SUFFIXES
        .iter()
        .flat_map(|suffix| THINGS.iter().map(move |thing| format!("{thing}{suffix}")))
        .collect();
    chance.shuffle(&mut inner);
    let front = |number: usize| match number / FRONTS.len() {
        0 => FRONTS[number].to_owned(),
        round => format!("{}-{}", FRONTS[number % FRONTS.len()], round + 1),
    };
    (0..fronts).map(front).chain(inner.into_iter().take(all - fronts)).collect()
}

/// `number` below 8 of an operation that answers requests.
pub(super) fn operation(tier: &str, number: usize) -> String {
    let (verb, rest) = VERBS[number % VERBS.len()];
    let thing = tier.split('-').next().unwrap_or(tier);
    match number / VERBS.len() {
        0 => format!("{verb} /{thing}{rest}"),
        round => format!("{verb} /v{}/{thing}{rest}", round + 1),
    }
}

pub(super) fn statement(chance: &mut Chance, tier: &str) -> String {
    let table = tier.split('-').next().unwrap_or(tier);
    let column = *chance.pick(&["id", "customer_id", "state", "created_at", "owner"]);
    match chance.below(4) {
        0 => format!("SELECT * FROM {table} WHERE {column} = ?"),
        1 => format!("SELECT count(*) FROM {table} WHERE {column} = ? AND state = ?"),
        2 => format!("UPDATE {table} SET state = ? WHERE {column} = ?"),
        _ => format!("INSERT INTO {table} ({column}, state) VALUES (?, ?)"),
    }
}
