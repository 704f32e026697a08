#pragma once

#include <string>

#include "pdf/document.h"

namespace turnpike {

/// The document as a file of A4 pages, with real text and the fonts inside. Same document, same
/// fonts installed: same bytes. Takes some milliseconds of processor a page; any thread may call
/// it.
///
/// Throws std::runtime_error when the font (Debian: fonts-dejavu-core) is not installed.
std::string render_pdf(const PdfDocument& document);

}  // namespace turnpike
