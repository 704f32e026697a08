#include "sandbox/razorpay/customers.h"

#include <array>

#include "sandbox/documents.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::size_t kNameMax = 50;
constexpr std::size_t kContactMax = 15;
constexpr std::size_t kEmailMax = 64;

Json new_customer(Context& ctx) {
    return Json{{"id", ctx.new_id("cust")}, {"entity", "customer"},
                {"name", nullptr},          {"email", nullptr},
                {"contact", nullptr},       {"gstin", nullptr},
                {"notes", Json::array()},   {"created_at", ctx.now_seconds()}};
}

void read_editable(Params& params, Json& customer) {
    if (const auto name = params.text("name", kNameMax)) customer["name"] = text_or_null(*name);
    if (const auto email = params.text("email", kEmailMax)) {
        if (!email->empty() && !email->contains('@'))
            params.complain(bad_request("The email must be a valid email address.", "email"));
        customer["email"] = text_or_null(*email);
    }
    if (const auto contact = params.text("contact", kContactMax))
        customer["contact"] = text_or_null(*contact);
    if (const auto gstin = params.text("gstin")) customer["gstin"] = text_or_null(*gstin);
    if (const auto notes = params.notes()) customer["notes"] = *notes;
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

std::span<const Route> customer_routes() { return kCustomerRoutes; }

}  // namespace turnpike::twin::razorpay
