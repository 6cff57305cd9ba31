//! Pools of connections, by their names: `db.client.connection.*`, `db.client.connections.*` of agents before the conventions were
//! stable, and what Micrometer makes of HikariCP's own (`hikaricp.connections.*`).

use super::{
    Kind::{Level, PerMinute},
    Unit::{Count, MillisPerMinute, PerMinute as EachMinute},
    recipe::{Recipe::Sum, Series, increase, series, sum_of, value},
};

const STATE: &[&str] = &["db.client.connection.state", "state"];
const USED: &[(&[&str], &str)] = &[(STATE, "used")];

macro_rules! of_pool {
    ($name:literal) => {
        concat!(
            "Connection Pools|{db.client.connection.pool.name/db.client.connections.pool.name/pool.name/pool}|",
            $name
        )
    };
}

pub(super) const SERIES: &[Series] = &[
    // All waits of the minute together, those in vain included: what a pool's users lost.
    series(
        of_pool!("Wait Time Per Min (ms)"),
        MillisPerMinute,
        PerMinute,
        &[
            Sum(sum_of("db.client.connection.wait_time")),
            Sum(sum_of("db.client.connections.wait_time")),
            Sum(sum_of("hikaricp.connections.acquire")),
        ],
    ),
    series(
        of_pool!("Waiting Requests"),
        Count,
        Level,
        &[
            Sum(value("db.client.connection.pending_requests")),
            Sum(value("db.client.connections.pending_requests")),
            Sum(value("hikaricp.connections.pending")),
        ],
    ),
    series(
        of_pool!("Used Connections"),
        Count,
        Level,
        &[
            Sum(value("db.client.connection.count").only(USED)),
            Sum(value("db.client.connections.usage").only(USED)),
            Sum(value("hikaricp.connections.active")),
        ],
    ),
    series(
        of_pool!("Max Connections"),
        Count,
        Level,
        &[
            Sum(value("db.client.connection.max")),
            Sum(value("db.client.connections.max")),
            Sum(value("hikaricp.connections.max")),
        ],
    ),
    series(
        of_pool!("Timeouts Per Min"),
        EachMinute,
        PerMinute,
        &[
            Sum(increase("db.client.connection.timeouts")),
            Sum(increase("db.client.connections.timeouts")),
            Sum(increase("hikaricp.connections.timeout")),
        ],
    ),
];
