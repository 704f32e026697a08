#include "billing/routes/payment_methods_api.h"

#include "json/object_reader.h"
#include "json/value.h"

namespace turnpike {

Result<NewMethod> read_new_method(const http::Request& request, std::string_view id_field) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    auto id = fields.required_text(id_field);
    const auto make_default = fields.optional_boolean("default");
    return fields.finish(NewMethod{std::move(id), make_default.value_or(false)});
}

PaymentMethodsAnswer answer_payment_methods(BillingContext& billing, CustomerId customer) {
    const auto methods = co_await payment_methods_of(billing, std::move(customer));
    if (!methods) co_return failure(methods);
    Json data = Json::array();
    for (const auto& method : *methods) data.push_back(write_payment_method(method));
    co_return http::ok(Json{{"object", "list"}, {"data", data}, {"has_more", false}});
}

PaymentMethodsAnswer answer_new_payment_method(BillingContext& billing, CardOwner owner,
                                               NewMethod method) {
    auto on_file = co_await attach_method(billing, owner, method.id);
    if (on_file && method.make_default)
        on_file = co_await choose_method(billing, owner, on_file->id);
    if (!on_file) co_return failure(on_file);
    on_file->is_default = method.make_default;
    co_return http::json_response(201, write_payment_method(*on_file));
}

PaymentMethodsAnswer answer_removed_payment_method(BillingContext& billing, CardOwner owner,
                                                   std::string method) {
    const auto gone = co_await detach_method(billing, std::move(owner), std::move(method));
    if (!gone) co_return failure(gone);
    co_return http::ok(write_payment_method(*gone));
}

PaymentMethodsAnswer answer_default_payment_method(BillingContext& billing, CardOwner owner,
                                                   std::string method) {
    const auto chosen = co_await choose_method(billing, std::move(owner), std::move(method));
    if (!chosen) co_return failure(chosen);
    co_return http::ok(write_payment_method(*chosen));
}

}  // namespace turnpike
