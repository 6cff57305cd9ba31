"""Queries that Prometheus and Vedette are both asked, and how their answers differ."""

import math

TOLERANCE = 1e-9

# `atan2` stands within another function, since 2.42 forgets to drop the series' name there.
QUERIES = """
up
go_goroutines
{__name__=~"steps_total|level", env="test"}
{job=~"made/.*", zone!="", rack!~"2"}
level{zone="x"} offset 3s
level @ end() offset 2s
level @ start()
fleeting
fleeting offset 4s
steps_total[5s]
level[6s] offset 2s
rate(steps_total[10s])
rate(steps_total[10s] offset 3s)
rate(prometheus_http_requests_total[20s])
increase(steps_total[7s])
irate(steps_total[5s])
delta(level[8s])
idelta(level[8s])
deriv(level[9s])
deriv(steps_total[9s])
predict_linear(steps_total[10s], 60)
holt_winters(steps_total[10s], 0.3, 0.7)
changes(level[10s])
resets(steps_total[20s])
avg_over_time(level[10s])
sum_over_time(level[10s])
min_over_time(level[10s])
max_over_time(level[10s])
count_over_time(fleeting[12s])
stddev_over_time(steps_total[10s])
stdvar_over_time(level[10s])
quantile_over_time(0.3, level[10s])
last_over_time(fleeting[10s])
present_over_time(fleeting[10s])
absent_over_time(nothing{a="b"}[10s])
absent_over_time(fleeting[1s])
rate(delay_seconds_sum[10s]) / rate(delay_seconds_count[10s])
histogram_quantile(0.9, rate(delay_seconds_bucket[10s]))
histogram_quantile(0.5, sum by (le) (rate(delay_seconds_bucket[10s])))
histogram_quantile(0.99, delay_seconds_bucket)
histogram_quantile(0.95, sum by (le, handler) (rate(prometheus_http_request_duration_seconds_bucket[20s])))
sum(level)
sum by (zone) (level)
sum without (rack) (level)
avg by (zone) (level)
avg(steps_total)
min(level)
max by (rack) (level)
count by (job) (up)
count(fleeting)
group by (zone) (level)
stddev(steps_total)
stdvar by (zone) (level{zone="x"})
quantile(0.4, steps_total)
topk(2, steps_total)
bottomk(1, level{zone!="y"}) by (zone)
topk by (kind) (1, steps_total)
count_values("is", level{zone="x"})
sum by (__name__) ({env="test", zone="x"})
level + 1
2 * level{zone="x"} - 1
level % 3
2 ^ level{zone="x"}
abs(level{zone="x"} atan2 2)
level > 1
1 > level
level > bool 1
level == level
-level
level{zone="x"} > on(zone) group_left threshold
level + on(zone) group_left(team) owner
owner * on(zone) group_right level
level / ignoring(rack) group_left threshold
threshold - on(zone) owner
threshold < bool ignoring(team) owner
level and on(zone) threshold
level unless on(zone) threshold
threshold or level
fleeting or on() vector(7)
level and on() fleeting
abs(level)
ceil(level)
floor(level{zone="x"} / 2)
round(steps_total / 7)
round(steps_total, 5)
exp(level{zone="x"} / 10)
ln(steps_total)
log2(steps_total)
log10(steps_total)
sqrt(steps_total)
sgn(level)
clamp(level, -2, 2)
clamp_min(level, 0)
clamp_max(level, 1)
sin(level{zone="x"})
acosh(steps_total)
tanh(threshold)
deg(threshold)
rad(threshold)
pi() * 2
time() - timestamp(level)
timestamp(up + 0)
minute()
hour(vector(time() + 86400))
day_of_week()
day_of_month(vector(951782400))
day_of_year(steps_total * 1e6)
days_in_month(vector(951782400))
month() + year()
scalar(threshold{zone="x"}) + 1
scalar(level)
vector(time())
absent(level)
absent(nothing{a="b", c!="d"})
absent(sum(nothing))
label_replace(level, "where", "$1-$2", "zone", "(.)(.*)")
label_replace(up, "port", "$1", "instance", ".*:(.+)")
label_join(level, "place", "/", "zone", "rack", "none")
sort(steps_total)
sort_desc(steps_total)
max_over_time(rate(steps_total[5s])[10s:2s])
sum_over_time(level[10s:3s] offset 1s)
avg_over_time(level[6s:2s] @ end())
count_over_time(vector(1)[10s:3s])
min_over_time((level * 2)[70s:])
rate(sum(steps_total)[10s:1s])
sum(rate(steps_total[5s])) by (kind) / on() group_left sum(rate(steps_total[5s]))
1 + 2 * 3 ^ 2 / 4 % 5
1 < bool 2
scrape_samples_scraped
sum by (job) (rate(scrape_duration_seconds[10s]))
process_start_time_seconds < bool time()
sum by (le) (delay_seconds_bucket{le=~"0.*"})
"text"
""".strip().splitlines()

# Neither can answer these; that they refuse alike is compared, not how they word it.
REFUSED = [
    "level{", "foo(level)", "rate(level)", "level[5s] + 1", '{a=~".*"}', "1 > 2", "sum(level) by",
    "level + on(zone) threshold", "threshold + on(zone) level", 'count_values("0", level)',
    'label_replace(level, "zone", "", "zone", ".*")', 'label_replace(up, "0", "", "job", ".*")',
    "abs({__name__=~\"level|threshold\", zone=\"x\"}) + abs({env=\"test\"})", "holt_winters(level[5s], 2, 0.5)",
]


def differences(query, theirs, ours):
    """What differs between two answers, each a status and a body."""
    (their_status, theirs), (our_status, ours) = theirs, ours
    if their_status != our_status:
        return [f"status {our_status} instead of {their_status}: {ours.get('error') or theirs.get('error')}"]
    if their_status != 200:
        return []
    theirs, ours = theirs["data"], ours["data"]
    if theirs["resultType"] != ours["resultType"]:
        return [f"a {ours['resultType']} instead of a {theirs['resultType']}"]
    if theirs["resultType"] in ("scalar", "string"):
        return different_points("", [theirs["result"]], [ours["result"]])
    if query.startswith("sort") and theirs["resultType"] == "vector":
        order = [[one["metric"] for one in result] for result in (theirs["result"], ours["result"])]
        if order[0] != order[1]:
            return [f"the order {order[1]} instead of {order[0]}"]
    theirs, ours = by_labels(theirs["result"]), by_labels(ours["result"])
    found = [f"{labels} is missing" for labels in theirs.keys() - ours.keys()]
    found += [f"{labels} is too much" for labels in ours.keys() - theirs.keys()]
    for labels in theirs.keys() & ours.keys():
        found += different_points(labels, theirs[labels], ours[labels])
    return found


def by_labels(result):
    return {str(sorted(one["metric"].items())): one.get("values") or [one["value"]] for one in result}


def different_points(labels, theirs, ours):
    if [at for at, _ in theirs] != [at for at, _ in ours]:
        return [f"{labels}: times {[at for at, _ in ours]} instead of {[at for at, _ in theirs]}"]
    return [f"{labels} at {at}: {ours} instead of {theirs}"
            for (at, theirs), (_, ours) in zip(theirs, ours) if not alike(theirs, ours)]


def alike(theirs, ours):
    try:
        theirs, ours = float(theirs), float(ours)
    except ValueError:
        return theirs == ours
    if math.isnan(theirs) or math.isinf(theirs):
        return theirs == ours or math.isnan(theirs) and math.isnan(ours)
    return abs(theirs - ours) <= TOLERANCE * max(abs(theirs), abs(ours))
