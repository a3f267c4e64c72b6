// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/profile_sink.hpp>
#include <lampyr/result.hpp>

#include <memory>

namespace lampyr {

/// Writes lampyr's own profile file while it is recorded (docs/output-formats.md has it byte by byte). Each delta is
/// copied, and encoded, compressed and written by a thread of its own, so the sampling thread never waits for a disk.
/// The file is complete up to its last whole block at any moment, whatever happens to this process.
class ProfileFileStream final : public ProfileSink {
  public:
    /// Writes the file's header. `sink` is used by this thread now and by the writing thread afterwards until `finish`;
    /// it must not keep bytes back.
    [[nodiscard]] static Result<std::unique_ptr<ProfileFileStream>> start(ByteSink& sink);
    ~ProfileFileStream() override;

    [[nodiscard]] State state() const override;
    void take(const ProfileDelta& delta) override;

    /// Waits until everything taken is written. Fails when something could not be.
    [[nodiscard]] Result<void> finish();

  private:
    class Worker;
    explicit ProfileFileStream(std::unique_ptr<Worker> worker);
    std::unique_ptr<Worker> worker_;
};

}  // namespace lampyr
