#include "customers/service.h"

#include <utility>

#include "customers/provider_link.h"
#include "customers/wire.h"
#include "json/value.h"
#include "webhooks/outbox.h"

namespace turnpike {
namespace {

AuditEntry entry_of(const Customer& customer, std::string action, const Authority& authority,
                    Instant now) {
    return {.at = now,
            .actor = authority.actor,
            .action = std::move(action),
            .object_id = customer.id.text(),
            .customer = customer.id.text(),
            .request_id = authority.request_id};
}

/// What changed, by name only: values are personal data.
Json changed_fields(const Customer& before, const Customer& after) {
    Json names = Json::array();
    if (before.email != after.email) names.push_back("email");
    if (before.name != after.name) names.push_back("name");
    if (before.metadata != after.metadata) names.push_back("metadata");
    Json detail;
    detail["changed"] = std::move(names);
    return detail;
}

/// To the audit and to the seller's endpoints.
void tell(sql::Transaction& tx, const Customer& customer, const AuditEntry& entry, IdSource& ids) {
    record(tx, entry, ids);
    const Json data = write_customer(customer);
    emit(tx,
         {.type = entry.action,
          .object = customer.id.text(),
          .customer = customer.id.text(),
          .data = data,
          .at = entry.at},
         ids);
}

Result<Customer> save_with_audit(sql::Transaction& tx, const Customer& before, Customer after,
                                 AuditEntry entry, IdSource& ids) {
    if (after == before) return before;
    entry.detail = changed_fields(before, after);
    auto saved = save_customer(tx, std::move(after));
    if (!saved) return failure(std::move(saved));
    if (before.email != saved->email || before.name != saved->name)
        mark_provider_copies_behind(tx, before.id, entry.at);
    tell(tx, *saved, entry, ids);
    return saved;
}

Result<void> check_draft(sql::Transaction& tx, const CustomerDraft& draft) {
    if (draft.email)
        if (auto good = check_email(*draft.email); !good) return good;
    if (draft.test_clock && !load_test_clock(tx, *draft.test_clock))
        return fail(ErrorCode::Unprocessable, "customer.unknown_test_clock",
                    "there is no such test clock");
    return {};
}

/// A customer's free periods begin when he does, in his own time, and a period begins and ends at
/// whole seconds, as the provider's do.
Instant whole_second(Instant now) { return std::chrono::floor<std::chrono::seconds>(now); }

bool is_caller(const Customer& customer, const Principal& caller) {
    if (caller.customer) return customer.id == *caller.customer;
    // The bare id, so that a token's subject "learning-app~alice" is nobody and "alice" is both.
    const auto name = QualifiedName::parse(customer.external_id);
    return name && name->key == caller.external_id;
}

// A key of a catalog is no LIKE pattern and no external id holds a '~': the names are equal or not.
constexpr std::string_view kOfSubject = R"sql(
    SELECT id FROM customers WHERE external_id = $1
     UNION
    SELECT customers.id FROM catalogs
      JOIN customers ON customers.external_id = catalogs.key || '~' || $1
     ORDER BY 1
)sql";

}  // namespace

Result<Customer> find_customer(sql::Transaction& tx, std::string_view ref) {
    if (const auto id = CustomerId::parse(ref)) return load_customer(tx, *id);
    constexpr std::string_view kExternal = "ext:";
    const auto external_id = ref.starts_with(kExternal) ? ref.substr(kExternal.size()) : ref;
    const auto name = QualifiedName::parse(external_id);
    if (!name || !check_external_id(name->key)) return no_such_customer();
    auto found = find_customer_by_external_id(tx, external_id);
    if (!found) return no_such_customer();
    return *std::move(found);
}

std::vector<CustomerId> customers_of_subject(sql::Transaction& tx, std::string_view subject) {
    std::vector<CustomerId> customers;
    for (const auto& row : tx.all(kOfSubject, {subject}))
        customers.push_back(row.id<CustomerId>(0));
    return customers;
}

Result<Customer> find_visible_customer(sql::Transaction& tx, const Principal& caller,
                                       std::string_view ref) {
    auto found = find_customer(tx, ref);
    const bool may_see_all =
        caller.kind == PrincipalKind::Seller || caller.kind == PrincipalKind::Admin;
    if (found && !may_see_all && !is_caller(*found, caller)) return no_such_customer();
    return found;
}

Result<Customer> ensure_customer(sql::Transaction& tx, const QualifiedName& who,
                                 const std::optional<std::string>& email, Instant now,
                                 IdSource& ids) {
    const auto usable_email = email && check_email(*email) ? email : std::nullopt;
    const Authority himself{"user:" + who.key, ""};
    const auto home = find_home(tx, who);
    if (!home) return failure(home);
    if (auto known = find_customer_by_external_id(tx, home->external_id)) {
        if (known->email || !usable_email) return *std::move(known);
        auto with_email = *known;
        with_email.email = usable_email;
        auto entry = entry_of(*known, "customer.updated", himself, now);
        return save_with_audit(tx, *known, std::move(with_email), std::move(entry), ids);
    }
    Customer customer{.id = ids.make<CustomerId>(now),
                      .external_id = home->external_id,
                      .email = usable_email,
                      .name = std::nullopt,
                      .metadata = {},
                      .test_clock = std::nullopt,
                      .created_at = whole_second(now),
                      .version = 1,
                      .catalog = home->catalog};
    if (insert_customer(tx, customer)) {
        tell(tx, customer, entry_of(customer, "customer.created", himself, now), ids);
        return customer;
    }
    return find_customer(tx, "ext:" + customer.external_id);
}

Result<Customer> ensure_customer(sql::Transaction& tx, std::string_view external_id,
                                 const std::optional<std::string>& email, Instant now,
                                 IdSource& ids) {
    return ensure_customer(tx, QualifiedName{"", std::string(external_id)}, email, now, ids);
}

Result<Customer> customer_of(sql::Transaction& tx, const Principal& caller, Instant now,
                             IdSource& ids, std::string_view catalog) {
    if (caller.kind != PrincipalKind::Customer)
        return fail(ErrorCode::Forbidden, "customer.not_a_customer",
                    "this acts for a customer, and the credential is not one's");
    if (!caller.customer)
        return ensure_customer(tx, QualifiedName{std::string(catalog), caller.external_id},
                               caller.email, now, ids);
    auto customer = load_customer(tx, *caller.customer);
    if (customer && !catalog.empty() && customer->catalog != catalog) return no_such_customer();
    return customer;
}

Result<Customer> create_customer(sql::Transaction& tx, const CustomerDraft& draft,
                                 const Authority& authority, Instant now, IdSource& ids) {
    const auto home = find_home(tx, {draft.catalog, draft.external_id});
    if (!home) return failure(home);
    if (const auto good = check_draft(tx, draft); !good) return failure(good);
    Customer customer{.id = ids.make<CustomerId>(now),
                      .external_id = home->external_id,
                      .email = draft.email,
                      .name = draft.name,
                      .metadata = draft.metadata,
                      .test_clock = draft.test_clock,
                      .created_at = now,
                      .version = 1,
                      .catalog = home->catalog};
    customer.created_at = whole_second(now_of(tx, customer, now));
    if (!insert_customer(tx, customer))
        return conflict("customer.exists", "there is a customer with this external id");
    tell(tx, customer, entry_of(customer, "customer.created", authority, now), ids);
    return customer;
}

Result<Customer> change_customer(sql::Transaction& tx, const CustomerChange& change, Instant now,
                                 IdSource& ids) {
    const auto before = find_customer(tx, change.ref);
    if (!before) return failure(before);
    auto after = apply_patch(*before, change.patch);
    if (!after) return failure(std::move(after));
    auto entry = entry_of(*before, "customer.updated", change.authority, now);
    return save_with_audit(tx, *before, *std::move(after), std::move(entry), ids);
}

Instant now_of(sql::Transaction& tx, const Customer& customer, Instant system_now) {
    if (!customer.test_clock) return system_now;
    const auto clock = load_test_clock(tx, *customer.test_clock);
    return clock ? clock->frozen_time : system_now;
}

}  // namespace turnpike
