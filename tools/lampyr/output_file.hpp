// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lampyr::tool {

/// A file that is either complete under its name or not there. `open` proves that it can be written by making a hidden
/// temporary file beside it; `commit` puts it in place by rename. Not committed, nothing remains and an older file of
/// that name is untouched. "-" is standard output; a device or pipe (/dev/stdout, a FIFO) is written directly.
/// As root the file is private, and belongs to the user who called sudo.
class OutputFile final : public ByteSink {
  public:
    /// `binary`: not for a terminal.
    [[nodiscard]] static Result<OutputFile> open(const std::string& path, bool binary = false);
    /// A file in the current directory whose name is not known yet; `rename_to` must follow.
    [[nodiscard]] static Result<OutputFile> open_unnamed();

    OutputFile(OutputFile&&) noexcept;
    OutputFile& operator=(OutputFile&&) noexcept;
    ~OutputFile() override;

    void rename_to(std::string name);

    /// For a file that must not be lost whatever happens: from now on each write reaches the file at once, and with the
    /// second one (when its beginning is there, and something to keep) the file gets its name. May then be written by
    /// another thread.
    void write_through();

    /// False once anything failed; the reason is in `commit`'s error.
    [[nodiscard]] bool write(std::string_view bytes) override;
    [[nodiscard]] bool in_place() const;  ///< written through, and under its name
    /// The size written. After a failure the old file, if any, is as it was.
    [[nodiscard]] Result<std::uint64_t> commit();

    [[nodiscard]] const std::string& path() const;
    [[nodiscard]] bool is_stdout() const;

  private:
    struct State;
    explicit OutputFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace lampyr::tool
