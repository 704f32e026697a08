#include "sandbox/stripe/invoices/line_edits.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/documents.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/exclusive.h"

namespace turnpike::twin {
namespace {

constexpr std::array<const char*, 3> kNotHere{"price_data", "tax_amounts", "tax_rates"};

/// One of `lines`, read but for what an invoice item's handler will read.
struct LineEdit {
    std::string param;  ///< "lines[0]"
    std::string id;     ///< of the line, or of the invoice item that a new line takes
    std::string behavior;
    Json item = Json::object();  ///< parameters of the invoice item
};

/// Each member of `names` that is there, as the text that it was.
void keep_texts(Params& from, std::initializer_list<const char*> names, Json& to) {
    for (const char* name : names)
        if (auto value = from.text(name)) to[name] = *std::move(value);
}

void keep_object(Params& from, const char* name, std::initializer_list<const char*> members,
                 Json& to) {
    auto part = from.object(name);
    if (!part) return;
    keep_texts(*part, members, to[name]);
    from.absorb(*part);
}

void keep_discounts(Params& from, Json& to) {
    if (!from.has("discounts")) return;
    Json all = Json::array();
    for (Params& discount : from.objects("discounts")) {
        Json& one = all.emplace_back(Json::object());
        keep_texts(discount, {"coupon", "discount", "promotion_code"}, one);
        from.absorb(discount);
    }
    to["discounts"] = all.empty() ? Json("") : std::move(all);
}

enum class LineAge : bool { New, Existing };

/// What a line and an invoice item both have; the item's handler says what is wrong with it.
void read_item_members(Params& line, LineEdit& edit, LineAge age) {
    keep_texts(line, {"amount", "description", "discountable", "quantity"}, edit.item);
    keep_discounts(line, edit.item);
    if (auto metadata = line.metadata())
        edit.item["metadata"] = metadata->is_null() ? Json("") : *std::move(metadata);
    if (age == LineAge::New) {
        keep_object(line, "period", {"end", "start"}, edit.item);
        keep_object(line, "pricing", {"price"}, edit.item);
    } else {
        for (const char* name : {"period", "pricing"})
            line.refuse(name, "This sandbox does not change the " + std::string(name) +
                                  " of a line: remove it, and add another one.");
    }
    for (const char* name : kNotHere)
        line.refuse(name, "This sandbox has no " + std::string(name) + " of lines.");
}

using ReadLine = void (*)(Params& line, LineEdit& edit);

void read_new_line(Params& line, LineEdit& edit) {
    edit.id = line.text("invoice_item").value_or("");
    read_item_members(line, edit, LineAge::New);
    if (line.has("amount") && line.has("quantity"))
        line.complain(only_one_of(line, "amount", "quantity"));
}
void read_changed_line(Params& line, LineEdit& edit) {
    edit.id = line.required_text("id");
    read_item_members(line, edit, LineAge::Existing);
}
void read_removed_line(Params& line, LineEdit& edit) {
    edit.id = line.required_text("id");
    edit.behavior = line.one_of("behavior", {"delete", "unassign"}).value_or("");
    if (edit.behavior.empty()) line.complain(missing_param(line.name_of("behavior")));
}

std::vector<LineEdit> read_edits(Params& params, ReadLine read) {
    std::vector<LineEdit> edits;
    for (Params& line : params.objects("lines")) {
        LineEdit& edit = edits.emplace_back();
        edit.param = "lines[" + std::to_string(edits.size() - 1) + "]";
        read(line, edit);
        params.absorb(line);
    }
    if (edits.empty()) params.complain(missing_param("lines"));
    params.refuse("invoice_metadata", "Set it by updating the invoice.");
    return edits;
}

/// The invoice of the path. Errors: 404 naming `param`, and 400 invoice_not_editable unless it is a
/// draft.
Outcome<Json> require_editable(Operation& operation, const char* param) {
    const std::string& id = operation.path("invoice");
    auto invoice = operation.ctx.find("invoice", id);
    if (!invoice) {
        auto refusal = no_such_object("invoice", id);
        refusal.error().param = param;
        return refusal;
    }
    if (text_of(*invoice, "status") != "draft") return no_longer_editable();
    return *std::move(invoice);
}

/// Calls an operation of invoice items with other parameters.
Answer through_item(Operation& operation, OperationHandler handler, const LineEdit& edit,
                    const std::string& item) {
    Operation inner{.ctx = operation.ctx,
                    .params = Params(edit.item, edit.param),
                    .path_values = {{"invoiceitem", item}}};
    return handler(inner);
}

Refusal of_subscription(const LineEdit& edit) {
    return bad_param(edit.param, "",
                     "The line item " + edit.id +
                         " belongs to a subscription. Of such a line only `description` and "
                         "`metadata` can be changed.");
}

/// Puts a pending item of the same customer on the draft.
std::optional<Refusal> take_item(Context& ctx, Json invoice, const LineEdit& edit) {
    const std::string param = edit.param + "[invoice_item]";
    auto item = ctx.find("invoiceitem", edit.id);
    if (!item || text_of(*item, "customer") != text_of(invoice, "customer"))
        return no_such_param("invoiceitem", edit.id, param);
    if (!text_of(*item, "invoice").empty())
        return bad_param(param, "", "The invoice item " + edit.id + " is on an invoice already.");
    if (text_of(*item, "currency") != text_of(invoice, "currency"))
        return bad_param(param, "", "The invoice item " + edit.id + " is in another currency.");
    bind_invoice_item(*item, text_of(invoice, "id"));
    ctx.put(*item);
    put_on_invoice(invoice, {invoice_item_line(ctx, *item)});
    ctx.update_and_emit("invoice.updated", invoice);
    return std::nullopt;
}

std::optional<Refusal> add_line(Operation& operation, const Json& invoice, LineEdit edit) {
    if (!edit.id.empty()) {
        const Json current = *operation.ctx.find("invoice", text_of(invoice, "id"));
        if (auto refusal = take_item(operation.ctx, current, edit)) return refusal;
        if (edit.item.empty()) return std::nullopt;
        const auto changed = through_item(operation, update_invoice_item, edit, edit.id);
        return changed ? std::nullopt : std::optional(Refusal(changed.error()));
    }
    edit.item["customer"] = text_of(invoice, "customer");
    edit.item["invoice"] = text_of(invoice, "id");
    if (!edit.item.contains("pricing")) edit.item["currency"] = text_of(invoice, "currency");
    const auto made = through_item(operation, create_invoice_item, edit, "");
    return made ? std::nullopt : std::optional(Refusal(made.error()));
}

/// Description and metadata of a line that no invoice item stands behind.
std::optional<Refusal> describe_line(Context& ctx, const std::string& invoice_id,
                                     const LineEdit& edit) {
    Params params(edit.item, edit.param);
    const auto description = params.text("description");
    const auto metadata = params.metadata();
    if (params.complaint()) return of_subscription(edit);
    Json invoice = *ctx.find("invoice", invoice_id);
    for (Json& line : invoice["lines"]["data"]) {
        if (text_of(line, "id") != edit.id) continue;
        if (description) {
            line["description"] = text_or_null(*description);
            line["_described"] = true;
        }
        merge_metadata(line, metadata);
    }
    ctx.update_and_emit("invoice.updated", invoice);
    return std::nullopt;
}

std::optional<Refusal> change_draft_line(Operation& operation, const Json& invoice,
                                         const LineEdit& edit) {
    const Json* line = find_line(invoice, edit.id);
    if (line == nullptr) return no_such_param("line item", edit.id, edit.param + "[id]");
    const std::string item = item_behind(*line);
    if (item.empty()) return describe_line(operation.ctx, text_of(invoice, "id"), edit);
    const auto changed = through_item(operation, update_invoice_item, edit, item);
    return changed ? std::nullopt : std::optional(Refusal(changed.error()));
}

void unassign(Context& ctx, const std::string& invoice_id, const std::string& line_id,
              const std::string& item_id) {
    Json invoice = *ctx.find("invoice", invoice_id);
    Json& list = invoice["lines"];
    std::erase_if(list["data"].get_ref<Json::array_t&>(),
                  [&](const Json& line) { return text_of(line, "id") == line_id; });
    list["total_count"] = list["data"].size();
    recompute_totals(invoice);
    ctx.update_and_emit("invoice.updated", invoice);
    if (auto item = ctx.find("invoiceitem", item_id)) {
        bind_invoice_item(*item, "");
        ctx.put(*item);
    }
}

std::optional<Refusal> remove_line(Operation& operation, const Json& invoice,
                                   const LineEdit& edit) {
    const Json* line = find_line(invoice, edit.id);
    if (line == nullptr) return no_such_param("line item", edit.id, edit.param + "[id]");
    const std::string item = item_behind(*line);
    if (item.empty()) return of_subscription(edit);
    if (edit.behavior == "unassign") {
        unassign(operation.ctx, text_of(invoice, "id"), edit.id, item);
        return std::nullopt;
    }
    const auto removed = through_item(operation, delete_invoice_item, edit, item);
    return removed ? std::nullopt : std::optional(Refusal(removed.error()));
}

template <class Edit>
Answer edit_lines(Operation& operation, ReadLine read, Edit edit_one, const char* param = "id") {
    const auto edits = read_edits(operation.params, read);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    const auto invoice = require_editable(operation, param);
    if (!invoice) return invoice;
    for (const LineEdit& edit : edits)
        if (auto refusal = edit_one(operation, *invoice, edit)) return *std::move(refusal);
    return *operation.ctx.find("invoice", text_of(*invoice, "id"));
}

Answer add_lines(Operation& operation) {
    return edit_lines(operation, read_new_line, add_line, "invoice");
}
Answer update_lines(Operation& operation) {
    return edit_lines(operation, read_changed_line, change_draft_line);
}
Answer remove_lines(Operation& operation) {
    return edit_lines(operation, read_removed_line, remove_line);
}

Answer update_line(Operation& operation) {
    LineEdit edit;
    edit.id = operation.path("line");
    read_item_members(operation.params, edit, LineAge::Existing);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto invoice = require_editable(operation, "id");
    if (!invoice) return invoice;
    if (find_line(*invoice, edit.id) == nullptr) return no_such_object("line item", edit.id);
    if (auto refusal = change_draft_line(operation, *invoice, edit)) return *std::move(refusal);
    return *find_line(*operation.ctx.find("invoice", text_of(*invoice, "id")), edit.id);
}

constexpr auto kLineRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/invoices/{invoice}/add_lines", add_lines},
    {"POST", "/v1/invoices/{invoice}/update_lines", update_lines},
    {"POST", "/v1/invoices/{invoice}/remove_lines", remove_lines},
    {"POST", "/v1/invoices/{invoice}/lines/{line}", update_line},
});

}  // namespace

const Feature& line_edit_feature() {
    static constexpr Feature kFeature{.operations = kLineRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
