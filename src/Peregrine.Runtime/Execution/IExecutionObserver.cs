using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Execution;

/// <summary>Watches an engine run, step by step, without changing its plan. While an observer is attached, steps are enqueued one at a time, so that each can be timed.</summary>
public interface IExecutionObserver
{
    /// <summary>A step is done.</summary>
    /// <param name="plan">The plan, or the sub-plan of a branch or body, that the step belongs to.</param>
    /// <param name="stepIndex">Its index there.</param>
    /// <param name="elapsed">Wall time, waiting for the device included.</param>
    void OnStep(Plan plan, int stepIndex, TimeSpan elapsed);

    /// <summary>Whether <see cref="OnTensor"/> is wanted for this value.</summary>
    bool Wants(Plan plan, BufferSlot slot) => false;

    /// <summary>A wanted tensor was computed. Its memory is valid only during the call.</summary>
    void OnTensor(Plan plan, BufferSlot slot, Tensor tensor)
    {
    }
}
