//! Commands of key-value stores: the command's name stays, its arguments become `?`. A pipeline has one command a line.

use std::borrow::Cow;

use super::LITERAL;
use super::edit::Edit;

/// The commands without their arguments.
pub(super) fn command(text: &str) -> Cow<'_, str> {
    let mut edit = Edit::new(text);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        one(&mut edit, text, start, start + line.len());
        start += line.len();
    }
    edit.finish()
}

fn one(edit: &mut Edit<'_>, text: &str, start: usize, end: usize) {
    let mut kept = None;
    for (place, (at, word)) in words(&text[start..end]).enumerate() {
        let kept = *kept.get_or_insert_with(|| words_of_name(word));
        let is_name = place < kept && (place == 0 || is_subcommand(word));
        if !is_name {
            edit.replace(start + at..start + at + word.len(), LITERAL);
        }
    }
}

/// Words with where they begin.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let base = line.as_ptr() as usize;
    line.split_whitespace().map(move |word| (word.as_ptr() as usize - base, word))
}

/// How many words name the command: none where the first is not known, since a value may have brought the line break.
fn words_of_name(first: &str) -> usize {
    let is_module = first.split_once('.').is_some_and(|(module, name)| {
        ["FT", "JSON", "TS", "BF", "CF", "CMS", "TOPK", "TDIGEST", "GRAPH", "VSET", "AI"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(module))
            && name.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    if CONTAINERS.iter().any(|known| known.eq_ignore_ascii_case(first)) {
        2
    } else {
        usize::from(is_module || COMMANDS.iter().any(|known| known.eq_ignore_ascii_case(first)))
    }
}

fn is_subcommand(word: &str) -> bool {
    word.len() <= 16 && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

/// Commands whose second word belongs to their name.
const CONTAINERS: [&str; 18] = [
    "SCRIPT", "CONFIG", "CLIENT", "CLUSTER", "ACL", "XGROUP", "XINFO", "MEMORY", "OBJECT",
    "PUBSUB", "FUNCTION", "DEBUG", "LATENCY", "MODULE", "COMMAND", "SLOWLOG", "SENTINEL", "STATS",
];

/// Redis' and memcached's commands, roughly the most frequent first.
const COMMANDS: [&str; 214] = [
    "GET",
    "SET",
    "DEL",
    "HGET",
    "HSET",
    "EXISTS",
    "EXPIRE",
    "INCR",
    "MGET",
    "HGETALL",
    "EVALSHA",
    "PUBLISH",
    "PING",
    "LLEN",
    "LPUSH",
    "RPUSH",
    "LPOP",
    "RPOP",
    "BRPOP",
    "BLPOP",
    "SADD",
    "SREM",
    "SMEMBERS",
    "SISMEMBER",
    "ZADD",
    "ZREM",
    "ZRANGE",
    "ZRANGEBYSCORE",
    "SETEX",
    "SETNX",
    "TTL",
    "INCRBY",
    "HMGET",
    "HMSET",
    "HDEL",
    "XADD",
    "XREADGROUP",
    "XACK",
    "EVAL",
    "MULTI",
    "EXEC",
    "APPEND",
    "ASKING",
    "AUTH",
    "BGREWRITEAOF",
    "BGSAVE",
    "BITCOUNT",
    "BITFIELD",
    "BITFIELD_RO",
    "BITOP",
    "BITPOS",
    "BLMOVE",
    "BLMPOP",
    "BRPOPLPUSH",
    "BZMPOP",
    "BZPOPMAX",
    "BZPOPMIN",
    "COPY",
    "DBSIZE",
    "DECR",
    "DECRBY",
    "DISCARD",
    "DUMP",
    "ECHO",
    "EVALSHA_RO",
    "EVAL_RO",
    "EXPIREAT",
    "EXPIRETIME",
    "FAILOVER",
    "FCALL",
    "FCALL_RO",
    "FLUSHALL",
    "FLUSHDB",
    "GEOADD",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEORADIUS",
    "GEORADIUSBYMEMBER",
    "GEOSEARCH",
    "GEOSEARCHSTORE",
    "GETBIT",
    "GETDEL",
    "GETEX",
    "GETRANGE",
    "GETSET",
    "HELLO",
    "HEXISTS",
    "HEXPIRE",
    "HINCRBY",
    "HINCRBYFLOAT",
    "HKEYS",
    "HLEN",
    "HRANDFIELD",
    "HSCAN",
    "HSETNX",
    "HSTRLEN",
    "HTTL",
    "HVALS",
    "INCRBYFLOAT",
    "INFO",
    "KEYS",
    "LASTSAVE",
    "LCS",
    "LINDEX",
    "LINSERT",
    "LMOVE",
    "LMPOP",
    "LPOS",
    "LPUSHX",
    "LRANGE",
    "LREM",
    "LSET",
    "LTRIM",
    "MIGRATE",
    "MONITOR",
    "MOVE",
    "MSET",
    "MSETNX",
    "PERSIST",
    "PEXPIRE",
    "PEXPIREAT",
    "PEXPIRETIME",
    "PFADD",
    "PFCOUNT",
    "PFMERGE",
    "PSETEX",
    "PSUBSCRIBE",
    "PSYNC",
    "PTTL",
    "PUNSUBSCRIBE",
    "QUIT",
    "RANDOMKEY",
    "READONLY",
    "READWRITE",
    "RENAME",
    "RENAMENX",
    "REPLICAOF",
    "RESET",
    "RESTORE",
    "ROLE",
    "RPOPLPUSH",
    "RPUSHX",
    "SAVE",
    "SCAN",
    "SCARD",
    "SDIFF",
    "SDIFFSTORE",
    "SELECT",
    "SETBIT",
    "SETRANGE",
    "SHUTDOWN",
    "SINTER",
    "SINTERCARD",
    "SINTERSTORE",
    "SLAVEOF",
    "SMISMEMBER",
    "SMOVE",
    "SORT",
    "SORT_RO",
    "SPOP",
    "SPUBLISH",
    "SRANDMEMBER",
    "SSCAN",
    "SSUBSCRIBE",
    "STRLEN",
    "SUBSCRIBE",
    "SUBSTR",
    "SUNION",
    "SUNIONSTORE",
    "SUNSUBSCRIBE",
    "SWAPDB",
    "SYNC",
    "TIME",
    "TOUCH",
    "TYPE",
    "UNLINK",
    "UNSUBSCRIBE",
    "UNWATCH",
    "WAIT",
    "WAITAOF",
    "WATCH",
    "XAUTOCLAIM",
    "XCLAIM",
    "XDEL",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREVRANGE",
    "XSETID",
    "XTRIM",
    "ZCARD",
    "ZCOUNT",
    "ZDIFF",
    "ZDIFFSTORE",
    "ZINCRBY",
    "ZINTER",
    "ZINTERSTORE",
    "ZLEXCOUNT",
    "ZPOPMAX",
    "ZPOPMIN",
    "ZREVRANGE",
    "ZREVRANGEBYSCORE",
    "ZSCORE",
    "ZUNIONSTORE",
    "GETS",
    "ADD",
    "REPLACE",
    "PREPEND",
    "CAS",
    "DELETE",
    "VERSION",
    "FLUSH_ALL",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recorded::{NODEJS, PYTHON, attributes};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(command(text), expected);
    }

    #[test]
    fn a_command_keeps_its_name_only() {
        check("get x", "get ?");
        check("SET session:ann s3cret EX 10", "SET ? ? ? ?");
        check("AUTH hunter2", "AUTH ?");
        check("CONFIG SET requirepass hunter2", "CONFIG SET ? ?");
        check("ft.search idx hunter2", "ft.search ? ?");
    }

    #[test]
    fn a_line_break_in_a_value_reveals_nothing() {
        check("set k one\nhunter2 two", "set ? ?\n? ?");
        check("\"quoted", "?");
    }

    #[test]
    fn what_agents_have_sanitised_is_not_copied() {
        for line in PYTHON.spans().filter(|line| line.contains("scope=redis ")) {
            let statement = attributes(line).text("db.statement").unwrap();
            assert!(matches!(command(statement), Cow::Borrowed(_)), "{statement}");
        }
        let sent = attributes(NODEJS.line("nodeweb CLI 'get'")).text("db.query.text").unwrap();
        check(sent, "get ?");
    }

    proptest! {
        #[test]
        fn commands_stay_what_they_are(text in "(GET|script|[a-z\\s?]|\\PC){0,40}") {
            let once = command(&text).into_owned();
            prop_assert_eq!(command(&once).into_owned(), once);
        }
    }
}
