using System.Text;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Saves and opens engines: <see cref="EngineContent"/> as the sections of an engine file (docs/format.md). Equal content gives equal bytes. A file that is damaged, foreign, inconsistent, or that needs an operator which the
/// program lacks gives one <see cref="EngineFormatException"/>; nothing of what it says is used before it is checked, and nothing from it is executed.
/// </summary>
public static class EngineCodec
{
    /// <summary>Saves the engine; the file is either complete or untouched.</summary>
    /// <param name="progress">Gets the share of the weights that is written, 0 to 1.</param>
    /// <exception cref="EngineWriteException">The system refused, or the engine exceeds what a file can hold.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is left behind.</exception>
    /// <exception cref="InternalCompilerException">The plan is not consistent.</exception>
    public static void Save(EngineContent content, string path, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        Write(content, progress).Save(path, cancellationToken);

    /// <summary>The engine file as an array.</summary>
    /// <inheritdoc cref="Save"/>
    public static byte[] ToArray(EngineContent content) => Write(content, progress: null).ToArray();

    /// <summary>Opens an engine file. Operators are looked up in <paramref name="catalog"/>.</summary>
    /// <exception cref="EngineFormatException">The file is missing, unreadable, not a sound engine, or needs what this program lacks.</exception>
    public static EngineFile Open(string path, OperatorCatalog catalog, BulkVerification verification = BulkVerification.OnOpen) =>
        Read(EngineContainerReader.Open(path, verification), catalog);

    /// <summary>Opens an engine that is in memory. The bytes are not copied and must not change.</summary>
    /// <exception cref="EngineFormatException">They are not a sound engine, or need what this program lacks.</exception>
    public static EngineFile Open(Memory<byte> bytes, OperatorCatalog catalog, BulkVerification verification = BulkVerification.OnOpen) =>
        Read(EngineContainerReader.Open(bytes, verification), catalog);

    private static EngineContainerWriter Write(EngineContent content, IProgress<double>? progress)
    {
        if (PlanValidator.Problem(content) is { } problem)
        {
            throw new InternalCompilerException($"The engine cannot be saved, its plan is not consistent: {problem}");
        }

        try
        {
            ConstantPool constants = new();
            for (int i = 0; i < content.Packed.Count; i++)
            {
                if (content.Packed[i].Form is not null)
                {
                    constants.Tensors.Place(content.Constants[content.Packed[i].Constant].Data, i);
                }
            }

            SymbolPool symbols = new(constants);
            RecipePool recipes = new(constants);
            StructureWriter plan = new(constants), provenance = new(constants);
            // The plan's constants come first, by their numbers, so that weights lie in the order in which they are used.
            foreach (Constant constant in content.Constants)
            {
                constants.Number(constant);
            }

            PlanCodec.Write(plan, provenance, content.Plan, symbols, recipes);
            EngineContainerWriter container = new();
            container.Add(SectionId.Manifest, SectionTraits.Required, ManifestCodec.Write(content.Manifest));
            container.Add(SectionId.Symbols, SectionTraits.Required, symbols.Finish(content.Profiles));
            container.Add(SectionId.Plan, SectionTraits.Required, plan.Bytes.Content);
            container.Add(SectionId.Recipes, SectionTraits.Required, recipes.Finish());
            container.Add(SectionId.Provenance, SectionTraits.None, provenance.Bytes.Content);
            if (content.Packed.Count > 0)
            {
                // Where a packed weight is the only copy, a reader has to understand it.
                SectionTraits need = content.Packed.Any(p => p.Form is not null) ? SectionTraits.Required : SectionTraits.None;
                container.Add(SectionId.PackedDirectory, need, PackedWeights.WriteDirectory(content.Packed));
                container.Add(SectionId.PackedWeights, need | SectionTraits.Bulk, PackedWeights.LengthOf(content.Packed), target => PackedWeights.Write(content.Packed, target));
            }

            container.Add(SectionId.Constants, SectionTraits.Required, constants.Finish(content.Constants));
            container.Add(SectionId.Weights, SectionTraits.Required | SectionTraits.Bulk, constants.Tensors.WeightBytes, target => constants.Tensors.WriteWeights(target, progress));
            return container;
        }
        catch (EncoderFallbackException badText)
        {
            throw new EngineWriteException("The engine cannot be saved: a name or a string constant has an unpaired surrogate, which UTF-8 cannot hold.", badText);
        }
    }

    private static EngineFile Read(EngineContainerReader container, OperatorCatalog catalog)
    {
        try
        {
            EngineSection manifestSection = container.Require(SectionId.Manifest);
            EngineManifest manifest = ManifestCodec.Read(manifestSection.View(0, manifestSection.Length).Span);
            StructureContext context = new(catalog);
            PackedWeight[] packed = container.Find(SectionId.PackedDirectory) is { } directory ? PackedWeights.Read(directory.Read(), container.Require(SectionId.PackedWeights)) : [];
            Constant[] constants = ConstantPool.Read(container.Require(SectionId.Constants).Read(), container.Require(SectionId.Weights), packed, context);
            (Symbol[] symbols, OptimizationProfile[] profiles) = SymbolPool.Read(container.Require(SectionId.Symbols).Read(), context);
            Recipe[] recipes = RecipePool.Read(container.Require(SectionId.Recipes).Read(), context);
            StructureReader plan = new(container.Require(SectionId.Plan).Read(), context);
            StructureReader? provenance = container.Find(SectionId.Provenance) is { } names ? new(names.Read(), context) : null;
            EngineContent content = new(PlanCodec.Read(plan, provenance, symbols, recipes), constants, profiles, manifest) { Packed = packed };
            plan.Bytes.ExpectEnd();
            provenance?.Bytes.ExpectEnd();
            return PlanValidator.Problem(content) is { } problem
                ? throw new EngineFormatException($"The engine is not consistent: {problem} Build the engine again.")
                : new(content, container);
        }
        catch (EngineFormatException)
        {
            using (container)
            {
                // What seems inconsistent may be damage, of which the hashes tell more.
                container.Verification.GetAwaiter().GetResult();
            }

            throw;
        }
        catch
        {
            container.Dispose();
            throw;
        }
    }
}
