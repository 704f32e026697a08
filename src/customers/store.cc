#include "customers/store.h"

#include <utility>

#include "base/check.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kLoad = R"sql(
    SELECT id, external_id, email, name, metadata, test_clock_id, created_at, version, catalog
      FROM customers
     WHERE id = $1
)sql";

constexpr std::string_view kFindByExternalId = R"sql(
    SELECT id, external_id, email, name, metadata, test_clock_id, created_at, version, catalog
      FROM customers
     WHERE external_id = $1
)sql";

constexpr std::string_view kCatalog = R"sql(
    SELECT key, position FROM catalogs WHERE key = $1 OR (position = 0 AND $1 = '')
)sql";

constexpr std::string_view kInsert = R"sql(
    INSERT INTO customers
           (id, external_id, email, name, metadata, test_clock_id, created_at, version, catalog)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (external_id) DO NOTHING
)sql";

constexpr std::string_view kSave = R"sql(
    UPDATE customers
       SET email = $3, name = $4, metadata = $5, version = version + 1
     WHERE id = $1 AND version = $2
)sql";

constexpr std::string_view kList = R"sql(
    SELECT id, external_id, email, name, metadata, test_clock_id, created_at, version, catalog
      FROM customers
     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

std::string metadata_text(const Metadata& metadata) {
    Json json = Json::object();
    for (const auto& [key, value] : metadata) json[key] = value;
    return to_text(json);
}

Metadata read_metadata(const std::string& text) {
    const auto json = parse_json(text);
    check(json && json->is_object(), "a customer's metadata is the object that was written");
    Metadata metadata;
    for (const auto& [key, value] : json->items())
        metadata.emplace_back(key, value.get<std::string>());
    return metadata;
}

Customer from_row(const sql::Row& row) {
    Customer customer{.id = row.id<CustomerId>(0),
                      .external_id = row.text(1),
                      .email = row.maybe_text(2),
                      .name = row.maybe_text(3),
                      .metadata = read_metadata(row.text(4)),
                      .test_clock = std::nullopt,
                      .created_at = row.instant(6),
                      .version = row.integer(7),
                      .catalog = row.text(8)};
    if (!row.is_null(5)) customer.test_clock = row.id<TestClockId>(5);
    return customer;
}

}  // namespace

std::unexpected<Error> no_such_customer() {
    return not_found("customer.not_found", "there is no such customer");
}

Result<Customer> load_customer(sql::Transaction& tx, const CustomerId& id) {
    const auto row = tx.one(kLoad, {id});
    if (!row) return no_such_customer();
    return from_row(*row);
}

std::optional<Customer> find_customer_by_external_id(sql::Transaction& tx,
                                                     std::string_view external_id) {
    const auto row = tx.one(kFindByExternalId, {external_id});
    if (!row) return std::nullopt;
    return from_row(*row);
}

Result<CustomerHome> find_home(sql::Transaction& tx, const QualifiedName& who) {
    if (const auto good = check_external_id(who.key); !good) return failure(good);
    const auto row = tx.one(kCatalog, {who.catalog});
    if (!row && who.catalog.empty()) return CustomerHome{"", who.key};
    if (!row)
        return invalid_argument("customer.unknown_catalog",
                                "there is no catalog '" + who.catalog + "'");
    const bool is_primary = row->integer(1) == 0;
    const QualifiedName name{is_primary ? "" : row->text(0), who.key};
    return CustomerHome{row->text(0), name.text()};
}

bool insert_customer(sql::Transaction& tx, const Customer& customer) {
    return tx.run(kInsert, {customer.id, customer.external_id, customer.email, customer.name,
                            metadata_text(customer.metadata), customer.test_clock,
                            customer.created_at, customer.version, customer.catalog}) == 1;
}

Result<Customer> save_customer(sql::Transaction& tx, Customer customer) {
    const auto changed = tx.run(kSave, {customer.id, customer.version, customer.email,
                                        customer.name, metadata_text(customer.metadata)});
    if (changed == 0) return conflict("customer.changed", "the customer changed meanwhile");
    ++customer.version;
    return customer;
}

std::vector<Customer> list_customers(sql::Transaction& tx, const PageQuery& page) {
    std::vector<Customer> customers;
    for (const auto& row :
         tx.all(kList, {page.since, page.until, page.after.at, page.after.id, page.fetch()}))
        customers.push_back(from_row(row));
    return customers;
}

}  // namespace turnpike
