using System.Runtime.InteropServices;

namespace Peregrine.OnnxRuntimePeer;

/// <summary>
/// ONNX Runtime's C interface, bound without its header: <c>OrtGetApiBase</c> gives a table of function pointers whose order never changes (entries are only appended).
/// A status of null means success; any other is turned into an <see cref="OrtException"/>. Pointers returned here are opaque handles of the library.
/// </summary>
internal sealed unsafe class OrtApi
{
    /// <summary>The table's version that is asked for; the slots below all belong to version 1, so any library of the last years has them.</summary>
    private const uint TableVersion = 16;

    private readonly nint* _table;
    private readonly nint _allocator;
    private readonly nint _cpuMemory;
    private readonly nint _environment;

    public OrtApi(string libraryPath)
    {
        nint library = NativeLibrary.Load(libraryPath);
        // Safe: the C interface fixes this signature and the layout { GetApi, GetVersionString } of what it returns.
        nint* apiBase = ((delegate* unmanaged<nint*>)NativeLibrary.GetExport(library, "OrtGetApiBase"))();
        _table = ((delegate* unmanaged<uint, nint*>)apiBase[0])(TableVersion);
        Version = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)apiBase[1])()) ?? "unknown";
        if (_table == null)
        {
            throw new OrtException($"ONNX Runtime {Version} does not offer version {TableVersion} of its C interface.");
        }

        nint handle;
        const int Warning = 2;
        fixed (byte* name = "peregrine"u8)
        {
            Check(((delegate* unmanaged<int, byte*, nint*, nint>)_table[Slot.CreateEnv])(Warning, name, &handle));
        }

        _environment = handle;
        Check(((delegate* unmanaged<nint*, nint>)_table[Slot.GetAllocatorWithDefaultOptions])(&handle));
        _allocator = handle;
        const int ArenaAllocator = 1, DefaultMemory = 0;
        Check(((delegate* unmanaged<int, int, nint*, nint>)_table[Slot.CreateCpuMemoryInfo])(ArenaAllocator, DefaultMemory, &handle));
        _cpuMemory = handle;
    }

    public string Version { get; }

    /// <param name="optimizedPath">Where the optimized model is written; empty for nowhere.</param>
    public nint CreateSession(string modelPath, int threads, int optimizationLevel, string optimizedPath)
    {
        nint options, session;
        Check(((delegate* unmanaged<nint*, nint>)_table[Slot.CreateSessionOptions])(&options));
        // Windows takes UTF-16 paths, every other system UTF-8.
        nint path = OperatingSystem.IsWindows() ? Marshal.StringToCoTaskMemUni(modelPath) : Marshal.StringToCoTaskMemUTF8(modelPath);
        nint optimized = OperatingSystem.IsWindows() ? Marshal.StringToCoTaskMemUni(optimizedPath) : Marshal.StringToCoTaskMemUTF8(optimizedPath);
        try
        {
            Check(((delegate* unmanaged<nint, int, nint>)_table[Slot.SetSessionGraphOptimizationLevel])(options, optimizationLevel));
            Check(((delegate* unmanaged<nint, int, nint>)_table[Slot.SetIntraOpNumThreads])(options, threads));
            Check(((delegate* unmanaged<nint, int, nint>)_table[Slot.SetInterOpNumThreads])(options, 1));
            if (optimizedPath.Length > 0)
            {
                Check(((delegate* unmanaged<nint, nint, nint>)_table[Slot.SetOptimizedModelFilePath])(options, optimized));
            }

            Check(((delegate* unmanaged<nint, nint, nint, nint*, nint>)_table[Slot.CreateSession])(_environment, path, options, &session));
            return session;
        }
        finally
        {
            Marshal.FreeCoTaskMem(path);
            Marshal.FreeCoTaskMem(optimized);
            Release(Slot.ReleaseSessionOptions, options);
        }
    }

    public void ReleaseSession(nint session) => Release(Slot.ReleaseSession, session);

    public void ReleaseValue(nint value) => Release(Slot.ReleaseValue, value);

    /// <summary>Names and declared types of a session's inputs or outputs.</summary>
    public IReadOnlyList<Port> Ports(nint session, bool inputs)
    {
        nuint count;
        Check(((delegate* unmanaged<nint, nuint*, nint>)_table[inputs ? Slot.SessionGetInputCount : Slot.SessionGetOutputCount])(session, &count));
        Port[] ports = new Port[(int)count];
        for (int i = 0; i < ports.Length; i++)
        {
            nint name, type;
            Check(((delegate* unmanaged<nint, nuint, nint, nint*, nint>)_table[inputs ? Slot.SessionGetInputName : Slot.SessionGetOutputName])(session, (nuint)i, _allocator, &name));
            string text = Marshal.PtrToStringUTF8(name) ?? "";
            Check(((delegate* unmanaged<nint, nint, nint>)_table[Slot.AllocatorFree])(_allocator, name));
            Check(((delegate* unmanaged<nint, nuint, nint*, nint>)_table[inputs ? Slot.SessionGetInputTypeInfo : Slot.SessionGetOutputTypeInfo])(session, (nuint)i, &type));
            try
            {
                ports[i] = DescribePort(text, type);
            }
            finally
            {
                Release(Slot.ReleaseTypeInfo, type);
            }
        }

        return ports;
    }

    /// <summary>A tensor over the caller's memory, which must stay in place until the value is released.</summary>
    public nint CreateTensor(void* data, long bytes, ReadOnlySpan<long> dims, int onnxType)
    {
        nint value;
        fixed (long* d = dims)
        {
            Check(((delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)_table[Slot.CreateTensorWithDataAsOrtValue])(
                _cpuMemory, data, (nuint)bytes, d, (nuint)dims.Length, ElementTypes.FromOnnx(onnxType), &value));
        }

        return value;
    }

    /// <summary>A string tensor owned by ONNX Runtime. A string ends at its first NUL character, as the C interface takes them.</summary>
    public nint CreateStrings(ReadOnlySpan<string> strings, ReadOnlySpan<long> dims)
    {
        nint value;
        fixed (long* d = dims)
        {
            Check(((delegate* unmanaged<nint, long*, nuint, int, nint*, nint>)_table[Slot.CreateTensorAsOrtValue])(_allocator, d, (nuint)dims.Length, Wire.StringType, &value));
        }

        nint[] pointers = new nint[strings.Length];
        try
        {
            for (int i = 0; i < pointers.Length; i++)
            {
                pointers[i] = Marshal.StringToCoTaskMemUTF8(strings[i]);
            }

            fixed (nint* p = pointers)
            {
                Check(((delegate* unmanaged<nint, nint*, nuint, nint>)_table[Slot.FillStringTensor])(value, p, (nuint)pointers.Length));
            }

            return value;
        }
        catch (OrtException)
        {
            ReleaseValue(value);
            throw;
        }
        finally
        {
            Array.ForEach(pointers, Marshal.FreeCoTaskMem);
        }
    }

    /// <summary>Runs a session; the outputs are new values that the caller releases.</summary>
    public nint[] Run(nint session, NameTable inputNames, ReadOnlySpan<nint> inputs, NameTable outputNames)
    {
        nint[] outputs = new nint[outputNames.Count];
        fixed (nint* i = inputs, o = outputs)
        {
            Check(((delegate* unmanaged<nint, nint, nint*, nint*, nuint, nint*, nuint, nint*, nint>)_table[Slot.Run])(
                session, 0, inputNames.Pointer, i, (nuint)inputs.Length, outputNames.Pointer, (nuint)outputs.Length, o));
        }

        return outputs;
    }

    /// <summary>The number of ONNXType that a value has: 1 tensor, 2 sequence, 3 map, 5 sparse tensor, 6 optional.</summary>
    public int ValueType(nint value)
    {
        int type;
        Check(((delegate* unmanaged<nint, int*, nint>)_table[Slot.GetValueType])(value, &type));
        return type;
    }

    /// <summary>The parts of a sequence, or keys and values of a map: new values that the caller releases.</summary>
    public nint[] Parts(nint value)
    {
        nuint count;
        Check(((delegate* unmanaged<nint, nuint*, nint>)_table[Slot.GetValueCount])(value, &count));
        nint[] parts = new nint[(int)count];
        for (int i = 0; i < parts.Length; i++)
        {
            nint part;
            Check(((delegate* unmanaged<nint, int, nint, nint*, nint>)_table[Slot.GetValue])(value, i, _allocator, &part));
            parts[i] = part;
        }

        return parts;
    }

    /// <summary>A map of these keys and values, which it copies.</summary>
    public nint CreateMap(nint keys, nint values)
    {
        const int MapKind = 3;
        nint* parts = stackalloc nint[] { keys, values };
        nint map;
        Check(((delegate* unmanaged<nint*, nuint, int, nint*, nint>)_table[Slot.CreateValue])(parts, 2, MapKind, &map));
        return map;
    }

    /// <summary>Element type (ONNX's number) and dimensions of a tensor value.</summary>
    public (int OnnxType, long[] Dims) Describe(nint value)
    {
        nint info;
        Check(((delegate* unmanaged<nint, nint*, nint>)_table[Slot.GetTensorTypeAndShape])(value, &info));
        try
        {
            return DescribeTensor(info);
        }
        finally
        {
            Release(Slot.ReleaseTensorTypeAndShapeInfo, info);
        }
    }

    /// <summary>Where a tensor value keeps its elements; valid until the value is released.</summary>
    public void* Data(nint value)
    {
        void* data;
        Check(((delegate* unmanaged<nint, void**, nint>)_table[Slot.GetTensorMutableData])(value, &data));
        return data;
    }

    public string[] Strings(nint value, int count)
    {
        nuint total;
        Check(((delegate* unmanaged<nint, nuint*, nint>)_table[Slot.GetStringTensorDataLength])(value, &total));
        byte[] bytes = new byte[checked((int)total) + 1];
        nuint[] offsets = new nuint[count + 1];
        fixed (byte* b = bytes)
        fixed (nuint* o = offsets)
        {
            Check(((delegate* unmanaged<nint, byte*, nuint, nuint*, nuint, nint>)_table[Slot.GetStringTensorContent])(value, b, total, o, (nuint)count));
        }

        offsets[count] = total;
        return [.. Enumerable.Range(0, count).Select(i => System.Text.Encoding.UTF8.GetString(bytes, (int)offsets[i], (int)(offsets[i + 1] - offsets[i])))];
    }

    private Port DescribePort(string name, nint type)
    {
        int kind;
        nint tensor;
        Check(((delegate* unmanaged<nint, int*, nint>)_table[Slot.GetOnnxTypeFromTypeInfo])(type, &kind));
        Check(((delegate* unmanaged<nint, nint*, nint>)_table[Slot.CastTypeInfoToTensorInfo])(type, &tensor));
        (int elementType, long[] dims) = tensor == 0 ? (0, []) : DescribeTensor(tensor);
        return new(name, kind, elementType, dims);
    }

    private (int OnnxType, long[] Dims) DescribeTensor(nint info)
    {
        int type;
        nuint rank;
        Check(((delegate* unmanaged<nint, int*, nint>)_table[Slot.GetTensorElementType])(info, &type));
        Check(((delegate* unmanaged<nint, nuint*, nint>)_table[Slot.GetDimensionsCount])(info, &rank));
        long[] dims = new long[(int)rank];
        fixed (long* d = dims)
        {
            Check(((delegate* unmanaged<nint, long*, nuint, nint>)_table[Slot.GetDimensions])(info, d, rank));
        }

        return (ElementTypes.ToOnnx(type), dims);
    }

    private void Check(nint status)
    {
        if (status == 0)
        {
            return;
        }

        string message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)_table[Slot.GetErrorMessage])(status)) ?? "no message";
        Release(Slot.ReleaseStatus, status);
        throw new OrtException(message);
    }

    private void Release(int slot, nint handle) => ((delegate* unmanaged<nint, void>)_table[slot])(handle);

    /// <summary>Positions in the table of function pointers.</summary>
    private static class Slot
    {
        public const int GetErrorMessage = 2, CreateEnv = 3, CreateSession = 7, Run = 9, CreateSessionOptions = 10, SetOptimizedModelFilePath = 11,
            SetSessionGraphOptimizationLevel = 23, SetIntraOpNumThreads = 24, SetInterOpNumThreads = 25,
            SessionGetInputCount = 30, SessionGetOutputCount = 31, SessionGetInputTypeInfo = 33, SessionGetOutputTypeInfo = 34,
            SessionGetInputName = 36, SessionGetOutputName = 37,
            CreateTensorAsOrtValue = 48, CreateTensorWithDataAsOrtValue = 49, GetTensorMutableData = 51,
            FillStringTensor = 52, GetStringTensorDataLength = 53, GetStringTensorContent = 54,
            CastTypeInfoToTensorInfo = 55, GetOnnxTypeFromTypeInfo = 56, GetTensorElementType = 60, GetDimensionsCount = 61, GetDimensions = 62,
            GetTensorTypeAndShape = 65, GetValueType = 67, CreateCpuMemoryInfo = 69, AllocatorFree = 76, GetAllocatorWithDefaultOptions = 78,
            GetValue = 80, GetValueCount = 81, CreateValue = 82,
            ReleaseStatus = 93, ReleaseSession = 95, ReleaseValue = 96, ReleaseTypeInfo = 98, ReleaseTensorTypeAndShapeInfo = 99, ReleaseSessionOptions = 100;
    }
}

/// <summary>A declared input or output: its name, the number of ONNXType (1 = tensor) and, for tensors, element type and dimensions (−1 where unknown).</summary>
internal sealed record Port(string Name, int Kind, int ElementType, IReadOnlyList<long> Dims);

/// <summary>ONNX Runtime reported an error; the message is its own.</summary>
internal sealed class OrtException(string message) : Exception(message);
