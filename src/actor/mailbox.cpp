#include "actor/mailbox.hpp"

#include <exception>
#include <utility>

namespace emilua {

namespace {

// In the sender's VM: the message was taken, or never will be.
void report_outcome(task& t, vm& owner)
{
    std::unique_ptr<pending_send> p{static_cast<pending_send*>(&t)};
    owner.unhold();
    if (!p->result)
        return;
    p->result->done = true;
    p->result->delivered = p->delivered;
    owner.unpark(*p->sender);
}

} // namespace

mailbox::mailbox(vm& owner)
    : owner_{&owner}
{
    wake_.run = wake_receiver;
}

mailbox::~mailbox() = default;

void mailbox::wake_receiver(task&, vm& owner)
{
    auto& self = *owner.inbox;
    self.wake_posted_ = false; // before the receiver looks again: what comes later posts again
    if (self.receiver)
        owner.unpark(*self.receiver);
}

void mailbox::wake()
{
    if (!owner_ || !std::exchange(wanted_, false) || wake_posted_.exchange(true))
        return;
    owner_->post(wake_);
}

bool mailbox::enqueue(pending_send& p)
{
    std::lock_guard lock{mutex_};
    if (closed_)
        return false;
    p.run = report_outcome;
    p.status = pending_send::state::queued;
    p.previous = newest_;
    (newest_ ? newest_->next_send : oldest_) = &p;
    newest_ = &p;
    wake();
    return true;
}

bool mailbox::withdraw(pending_send& p)
{
    std::lock_guard lock{mutex_};
    return unlink(p);
}

bool mailbox::abandon(pending_send& p)
{
    std::lock_guard lock{mutex_};
    p.result = nullptr;
    return unlink(p) || p.status == pending_send::state::fresh;
}

bool mailbox::unlink(pending_send& p)
{
    if (p.status != pending_send::state::queued)
        return false;
    p.status = pending_send::state::fresh;
    (p.previous ? p.previous->next_send : oldest_) = p.next_send;
    (p.next_send ? p.next_send->previous : newest_) = p.previous;
    return true;
}

void mailbox::remove_sender()
{
    if (senders_.fetch_sub(1) != 1)
        return;
    std::lock_guard lock{mutex_};
    wake();
}

void mailbox::attach(source::list& one)
{
    std::lock_guard lock{mutex_};
    if (closed_)
        return;
    add_sender();
    one.front()->place_ = one.begin();
    ready_.splice(ready_.end(), one);
    wake();
}

void mailbox::ready(std::shared_ptr<source> s)
{
    vm* entered = nullptr;
    {
        std::lock_guard lock{mutex_};
        if (closed_)
            return;
        ready_.splice(ready_.end(), armed_, s->place_);
        // At once if the VM is free: a task would cost a turn of the io_context, which asks the kernel.
        if (wanted_ && owner_->try_enter()) {
            wanted_ = false;
            entered = owner_;
        } else {
            wake();
        }
    }
    s.reset(); // the fibers may close the inbox, and that should close the connection
    if (entered) {
        if (receiver)
            entered->unpark(*receiver);
        entered->run();
    }
}

mailbox::receive_status mailbox::receive(message& m)
{
    for (;;) {
        source* next;
        {
            std::unique_lock lock{mutex_};
            if (closed_)
                return receive_status::closed;
            if (pending_send* p = pop_queued()) {
                m = std::move(p->content);
                p->delivered = true;
                lock.unlock();
                p->sender_vm->post(*p);
                return receive_status::taken;
            }
            if (ready_.empty()) {
                if (senders_ == 0)
                    return receive_status::no_senders;
                wanted_ = true;
                return receive_status::empty;
            }
            next = ready_.front().get(); // stays there: other threads only append
        }
        if (ask(*next, m))
            return receive_status::taken_from_source;
    }
}

pending_send* mailbox::pop_queued()
{
    pending_send* p = oldest_;
    if (p) {
        oldest_ = p->next_send;
        (oldest_ ? oldest_->previous : newest_) = nullptr;
        p->status = pending_send::state::taken;
    }
    return p;
}

// Takes a message from the first source that may have one.
bool mailbox::ask(source& s, message& m)
{
    auto outcome = s.take(m);
    source::list ended; // destroyed without the lock
    std::unique_lock lock{mutex_};
    switch (outcome) {
    case source::outcome::taken: ready_.splice(ready_.end(), ready_, s.place_); return true;
    case source::outcome::ended:
        ended.splice(ended.end(), ready_, s.place_);
        senders_.fetch_sub(1);
        return false;
    case source::outcome::empty: break;
    }
    armed_.splice(armed_.end(), ready_, s.place_);
    lock.unlock();
    try {
        s.arm(*owner_);
    } catch (const std::exception&) {
        ready(*s.place_); // the next receive() tries again
        throw;
    }
    return false;
}

void mailbox::close()
{
    pending_send* failed;
    source::list gone; // destroyed without the lock
    {
        std::lock_guard lock{mutex_};
        closed_ = true;
        failed = std::exchange(oldest_, nullptr);
        newest_ = nullptr;
        for (auto* p = failed; p; p = p->next_send)
            p->status = pending_send::state::taken;
        gone.splice(gone.end(), ready_);
        gone.splice(gone.end(), armed_);
        wake();
    }
    while (failed) {
        pending_send* p = std::exchange(failed, failed->next_send);
        p->sender_vm->post(*p);
    }
}

void mailbox::detach()
{
    close();
    std::lock_guard lock{mutex_};
    owner_ = nullptr;
}

} // namespace emilua
