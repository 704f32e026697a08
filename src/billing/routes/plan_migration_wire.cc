#include "billing/routes/plan_migration_wire.h"

#include <utility>

#include "access/page.h"
#include "billing/life/offer.h"
#include "json/object_reader.h"
#include "json/write.h"

namespace turnpike {
namespace {

std::vector<std::string> read_customers(ObjectReader& fields) {
    std::vector<std::string> customers;
    const Json* named = fields.optional_array("customers");
    if (named == nullptr) return customers;
    for (const Json& one : *named) {
        if (!one.is_string()) {
            fields.complain("customers", "wrong_type", "must be a list of texts");
            return {};
        }
        customers.push_back(one.get<std::string>());
    }
    if (customers.empty() || customers.size() > kMigratedCustomersMax)
        fields.complain("customers", "wrong_value",
                        "must name 1 to " + std::to_string(kMigratedCustomersMax) + " customers");
    return customers;
}

std::optional<PlanVersionId> read_version(ObjectReader& fields, std::string_view name) {
    const auto text = fields.optional_text(name);
    if (!text) return std::nullopt;
    auto id = PlanVersionId::parse(*text);
    if (!id) fields.complain(name, "wrong_value", "must be the id of a plan version");
    return id;
}

void read_filter(ObjectReader& fields, MigrationBody& body) {
    const Json* given = fields.optional_object("filter");
    if (given == nullptr) return;
    ObjectReader inner(*given, "/filter");
    MigrationFilter& filter = body.request.filter;
    filter.version = read_version(inner, "version");
    if (given->contains("currency")) filter.currency = read_currency(inner);
    if (given->contains("interval")) filter.interval = read_interval(inner);
    if (given->contains("interval_count")) filter.interval_count = read_interval_count(inner);
    filter.provider = inner.optional_text("provider");
    body.customers = read_customers(inner);
    fields.absorb(inner);
}

PreviewPage read_preview_page(ObjectReader& fields) {
    PreviewPage page;
    page.limit =
        static_cast<int>(fields.optional_integer("limit", {.min = 1, .max = PageQuery::kLimitMax})
                             .value_or(PageQuery::kLimitDefault));
    page.cursor = fields.optional_text("cursor");
    return page;
}

/// For all seats, each time; null for more than an amount can be.
Json write_total(const PriceInPlan& price, std::int64_t quantity) {
    const auto total = scale(price.amount, quantity, 1, Rounding::HalfUp);
    return total ? write_money(*total) : Json();
}

Json write_side(const PriceInPlan& price, std::int64_t quantity) {
    return Json{{"plan_version", price.plan_version.text()},
                {"price", price.price.text()},
                {"unit_amount", write_money(price.amount)},
                {"amount", write_total(price, quantity)},
                {"interval", to_text(price.recurrence.interval)},
                {"interval_count", price.recurrence.count}};
}

Json write_maybe_side(const std::optional<PriceInPlan>& price, std::int64_t quantity) {
    return price ? write_side(*price, quantity) : Json();
}

Json write_step(const MigrationStep& step, const Subscription& subscription) {
    return Json{{"subscription", step.subscription.text()},
                {"customer", subscription.customer.text()},
                {"provider", step.provider},
                {"quantity", step.quantity}};
}

}  // namespace

Result<MigrationBody> read_migration(const http::Request& request, bool is_preview) {
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    MigrationBody body;
    body.request.plan = request.path_value("plan");
    body.request.to_plan = fields.optional_text("target_plan", {.length_max = kPlanNameMax});
    body.request.to_version = read_version(fields, "target_version");
    const auto when = fields.optional_text("when").value_or("at_period_end");
    if (const auto timing = parse_migration_timing(when))
        body.request.timing = *timing;
    else
        fields.complain("when", "wrong_value", "must be at_period_end or now");
    read_filter(fields, body);
    if (is_preview) body.page = read_preview_page(fields);
    return fields.finish(std::move(body));
}

Json write_migration(const PlanMigration& migration, const PlanVersion& target,
                     const MigrationProgress& p) {
    return Json{{"id", migration.id.text()},
                {"object", "plan_migration"},
                {"plan", migration.plan.text()},
                {"target_plan", target.plan.text()},
                {"target_version", migration.target.text()},
                {"target_version_number", target.number},
                {"when", to_text(migration.timing)},
                {"filter", write_filter(migration.filter)},
                {"status", to_text(migration.state)},
                {"progress",
                 {{"listed", migration.listed_at.has_value()},
                  {"total", p.total()},
                  {"pending", p.pending},
                  {"begun", p.begun},
                  {"done", p.done},
                  {"unchanged", p.unchanged},
                  {"refused", p.refused},
                  {"failed", p.failed},
                  {"canceled", p.canceled},
                  {"taking_back", p.taking_back},
                  {"taken_back", p.taken_back},
                  {"arrived", p.arrived}}},
                {"created_at", format_rfc3339(migration.created_at)},
                {"canceled_at", write_instant(migration.canceled_at)},
                {"finished_at", write_instant(migration.finished_at)}};
}

Json write_migration_item(const ShownItem& shown) {
    const MigrationItem& item = shown.item;
    Json json = write_step(item.step, shown.subscription);
    json["from"] = write_side(shown.from, item.step.quantity);
    json["to"] = write_maybe_side(shown.to, item.step.quantity);
    json["status"] = to_text(item.state);
    json["reason"] = item.error_reason.empty() ? Json() : Json(item.error_reason);
    json["takes_effect_at"] = write_instant(item.takes_effect_at);
    json["arrived"] = item.has_arrived;
    return json;
}

Json write_previewed_step(const PreviewedStep& shown) {
    Json json = write_step(shown.step, shown.subscription);
    json["from"] = write_side(shown.from, shown.step.quantity);
    json["to"] = write_maybe_side(shown.to, shown.step.quantity);
    json["takes_effect_at"] = format_rfc3339(shown.takes_effect_at);
    std::string_view outcome = "changes";
    if (shown.is_so_already) outcome = "unchanged";
    if (shown.refusal) outcome = "refused";
    json["outcome"] = outcome;
    json["reason"] = shown.refusal ? Json(shown.refusal->reason.text()) : Json();
    json["detail"] = shown.refusal ? Json(shown.refusal->message) : Json();
    return json;
}

Json write_migration_group(const ShownGroup& shown) {
    const auto& [group, from, to] = shown;
    return Json{{"subscriptions", group.subscriptions},
                {"quantity", group.quantity},
                {"from", write_side(from, group.quantity)},
                {"to", write_maybe_side(to, group.quantity)}};
}

}  // namespace turnpike
