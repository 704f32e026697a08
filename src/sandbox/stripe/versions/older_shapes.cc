#include "sandbox/stripe/versions/older_shapes.h"

#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/versions/relations.h"
#include "sandbox/stripe/versions/version_steps.h"

namespace turnpike::twin {
namespace {

/// Every object inside `document` with what older shapes need.
Json with_relations(Context& ctx, Json document) {
    if (document.is_object()) {
        if (text_of(document, "object") == "event") return document;
        relate(ctx, document);
    }
    return with_parts(std::move(document),
                      [&ctx](Json part) { return with_relations(ctx, std::move(part)); });
}

}  // namespace

Json in_version(Context& ctx, Json document, std::string_view version) {
    if (!is_older(version, version_steps().front().version)) return document;
    return undo_versions(with_relations(ctx, std::move(document)), version);
}

}  // namespace turnpike::twin
