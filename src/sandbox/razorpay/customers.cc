#include "sandbox/razorpay/customers.h"

#include <array>

#include "sandbox/documents.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::size_t kNameMax = 50;
constexpr std::size_t kContactMax = 15;
constexpr std::size_t kEmailMax = 64;
constexpr std::size_t kAddressMax = 255;

Json new_customer(Context& ctx) {
    return Json{{"id", ctx.new_id("cust")}, {"entity", "customer"},
                {"name", nullptr},          {"email", nullptr},
                {"contact", nullptr},       {"gstin", nullptr},
                {"notes", Json::array()},   {"created_at", ctx.now_seconds()}};
}

void read_details(Params& params, Json& customer) {
    if (const auto name = params.text("name", kNameMax)) customer["name"] = text_or_null(*name);
    if (const auto email = params.text("email", kEmailMax)) {
        if (!email->empty() && !email->contains('@'))
            params.complain_at("email", "The email must be a valid email address.");
        customer["email"] = text_or_null(*email);
    }
    if (const auto contact = params.text("contact", kContactMax))
        customer["contact"] = text_or_null(*contact);
    if (const auto gstin = params.text("gstin")) customer["gstin"] = text_or_null(*gstin);
}

void read_editable(Params& params, Json& customer) {
    read_details(params, customer);
    if (const auto notes = params.notes()) customer["notes"] = *notes;
}

/// "billing_address" or "shipping_address"; null when it is not given.
Json read_address(Context& ctx, Params& params, const char* type) {
    auto given = params.object(type);
    if (!given) return {};
    Json address{{"id", ctx.new_id("addr")}, {"type", type}, {"primary", true}};
    address["line1"] = given->required_text("line1", kAddressMax);
    address["line2"] = text_or_null(given->text("line2", kAddressMax).value_or(""));
    for (const char* name : {"zipcode", "city"})
        address[name] = given->required_text(name, kAddressMax);
    address["state"] = text_or_null(given->text("state", kAddressMax).value_or(""));
    address["country"] = given->required_text("country", kAddressMax);
    for (const char* name : {"contact", "name", "tag", "landmark"})
        address[name] = text_or_null(given->text(name, kAddressMax).value_or(""));
    params.absorb(*given);
    return address;
}

/// One with the same e-mail address and number; nullopt when there is none.
std::optional<Json> find_twin_of(Context& ctx, const Json& customer) {
    const auto email = text_of(customer, "email");
    const auto contact = text_of(customer, "contact");
    if (email.empty() || contact.empty()) return std::nullopt;
    for (auto& other : ctx.list("customer", {.parent = email}, {}))
        if (text_of(other, "contact") == contact) return std::move(other);
    return std::nullopt;
}

Answer create_customer(Operation& operation) {
    auto& ctx = operation.ctx;
    Json customer = new_customer(ctx);
    read_editable(operation.params, customer);
    const bool fails = operation.params.flag("fail_existing").value_or(true);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    if (auto other = find_twin_of(ctx, customer)) {
        if (fails) return bad_request("Customer already exists for the merchant");
        return *std::move(other);
    }
    ctx.put(customer);
    return customer;
}

Answer edit_customer(Operation& operation) {
    auto customer = object_of_path(operation, "customer");
    if (!customer) return customer;
    read_editable(operation.params, *customer);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto other = find_twin_of(operation.ctx, *customer);
    if (other && text_of(*other, "id") != text_of(*customer, "id"))
        return bad_request("Customer already exists for the merchant");
    operation.ctx.put(*customer);
    return customer;
}

Answer fetch_customer(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return object_of_path(operation, "customer");
}

Answer list_customers(Operation& operation) { return list_objects(operation, "customer", {}); }

constexpr auto kCustomerRoutes = std::to_array<Route>({
    {"POST", "/v1/customers", create_customer},
    {"GET", "/v1/customers", list_customers},
    {"GET", "/v1/customers/{id}", fetch_customer},
    {"PUT", "/v1/customers/{id}", edit_customer},
});

}  // namespace

Json customer_with_email(Context& ctx, const std::string& email) {
    auto known = ctx.list("customer", {.parent = email}, {.limit = 1});
    if (!known.empty()) return std::move(known.front());
    Json customer = new_customer(ctx);
    customer["email"] = email;
    customer["contact"] = "+919876543210";
    ctx.put(customer);
    return customer;
}

Json customer_of_details(Context& ctx, Params& given) {
    Json wanted = new_customer(ctx);
    read_details(given, wanted);
    const auto email = text_of(wanted, "email");
    const auto contact = text_of(wanted, "contact");
    if (email.empty() && contact.empty()) given.complain_of_absent("email");
    for (const char* type : {"billing_address", "shipping_address"})
        if (Json address = read_address(ctx, given, type); !address.is_null())
            wanted["_" + std::string(type)] = std::move(address);
    auto known = find_twin_of(ctx, wanted);
    if (!known && contact.empty() && !email.empty()) {
        auto others = ctx.list("customer", {.parent = email}, {.limit = 1});
        if (!others.empty()) known = std::move(others.front());
    }
    if (known)
        for (const auto& [name, value] : wanted.items())
            if (name.starts_with('_') || known->at(name).is_null()) (*known)[name] = value;
    Json customer = known ? *std::move(known) : std::move(wanted);
    ctx.put(customer);
    return customer;
}

std::span<const Route> customer_routes() { return kCustomerRoutes; }

}  // namespace turnpike::twin::razorpay
