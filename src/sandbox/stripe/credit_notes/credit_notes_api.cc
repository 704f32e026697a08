#include <array>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/credit_notes/credit_notes.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Outcome<Json> require_credit_note(Operation& operation) {
    const std::string& id = operation.path("note");
    auto note = operation.ctx.find("credit_note", id);
    if (!note) return no_such_object("credit_note", id);
    return *std::move(note);
}

Answer create_credit_note(Operation& operation) {
    const CreditRequest request = read_credit_request(operation.params);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto plan = plan_credit(operation.ctx, request);
    if (!plan) return Refusal(plan.error());
    return issue_credit_note(operation.ctx, *std::move(plan));
}

Answer preview_credit_note(Operation& operation) {
    const CreditRequest request = read_credit_request(operation.params);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto plan = plan_credit(operation.ctx, request);
    if (!plan) return Refusal(plan.error());
    return std::move(plan->note);
}

Answer list_preview_lines(Operation& operation) {
    const CreditRequest request = read_credit_request(operation.params);
    // list_page reads these; a plan is made of sound parameters only.
    for (const char* name : {"limit", "starting_after", "ending_before"})
        operation.params.ignore(name);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto plan = plan_credit(operation.ctx, request);
    std::vector<Json> lines;
    if (plan) lines = plan->note.at("lines").at("data").get<std::vector<Json>>();
    auto page = list_page(operation, operation.url, std::move(lines));
    if (page && !plan) return Refusal(plan.error());
    return page;
}

Answer get_credit_note(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_credit_note(operation);
}

Answer update_credit_note(Operation& operation) {
    const auto memo = operation.params.text("memo");
    const auto metadata = operation.params.metadata();
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto note = require_credit_note(operation);
    if (!note) return note;
    if (memo) (*note)["memo"] = text_or_null(*memo);
    merge_metadata(*note, metadata);
    operation.ctx.update_and_emit("credit_note.updated", *note);
    return note;
}

Answer post_void(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto note = require_credit_note(operation);
    if (!note) return note;
    return void_credit_note(operation.ctx, *std::move(note));
}

Answer list_credit_notes(Operation& operation) {
    ListFilter filter;
    filter.customer = operation.params.text("customer").value_or("");
    filter.parent = operation.params.text("invoice").value_or("");
    read_created(operation.params, filter);
    return list_objects(operation, "credit_note", filter);
}

Answer list_credit_note_lines(Operation& operation) {
    const auto note = require_credit_note(operation);
    if (!note) return note;
    return list_page(operation, operation.url,
                     note->at("lines").at("data").get<std::vector<Json>>());
}

constexpr auto kCreditNoteRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/credit_notes", create_credit_note},
    {"GET", "/v1/credit_notes", list_credit_notes},
    {"GET", "/v1/credit_notes/preview", preview_credit_note},
    {"GET", "/v1/credit_notes/preview/lines", list_preview_lines},
    {"GET", "/v1/credit_notes/{note}", get_credit_note},
    {"POST", "/v1/credit_notes/{note}", update_credit_note},
    {"GET", "/v1/credit_notes/{note}/lines", list_credit_note_lines},
    {"POST", "/v1/credit_notes/{note}/void", post_void},
});

constexpr auto kCreditNoteExpandables = std::to_array<Expandable>({
    {"credit_note", "customer", "customer"},
    {"credit_note", "customer_balance_transaction", "customer_balance_transaction"},
    {"credit_note", "discount_amounts.discount", "discount"},
    {"credit_note", "invoice", "invoice"},
    {"credit_note", "pretax_credit_amounts.discount", "discount"},
    {"credit_note", "refunds.refund", "refund"},
    {"credit_note_line_item", "discount_amounts.discount", "discount"},
    {"credit_note_line_item", "pretax_credit_amounts.discount", "discount"},
});

}  // namespace

const Feature& credit_note_feature() {
    static constexpr Feature kFeature{.operations = kCreditNoteRoutes,
                                      .expandables = kCreditNoteExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
