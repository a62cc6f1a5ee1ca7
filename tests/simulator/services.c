/* The services that are there at start: names and columns as facts §4.5, §4.6 and §7 give them, values made up. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

/* ---- entity sets
 * ------------------------------------------------------------------------------------------------ */

/* Facts §4.5. Personal data and SessionID are there as on a real server: nobody should ask for them. */
static const struct simulator_column session_columns[] = {
    {"LicNum", "{n}"},
    {"SessionID", "\"{guid}\""},
    {"CurUserID", "\"person{n}\""},
    {"LastDate", "{@-60}"},
    {"CurComp", "\"{EPIC06|EPIC06|EPIC07}\""},
    {"SessionType", "\"{guid}\""},
    {"Suspended", "false"},
    {"Suspend", "false"},
    {"Timeout", "480"},
    {"ClientComputerName", "\"PC-OF-PERSON{n}\""},
    {"SerialNum", "\"1\""},
    {"SysRowID", "\"{guid}\""},
    {"LicenseType", "\"00000003-{B615-4300-957B-34956697F040|9439-4B30-A6F4-6D2FD4B9FD0F|"
                    "B615-4300-957B-34956697F040|B8EB-40C4-8897-248CB30C5D47}\""},
    {"Expired", "{false|false|false|false|true}"},
    {"UserName", "\"Person Number {n}\""},
    {"SessionTypeDescription", "\"{DefaultUser|WebService|DefaultUser|DataCollection}\""},
    {"InUse", "{true|false|true|true|false}"},
    {"InstallationName", "\"Kinetic\""},
    {"RowMod", "\"\""},
    {NULL, NULL},
};

/* Facts §3; the name of the hash field is a guess. */
static const struct simulator_column key_columns[] = {
    {"Company", "\"{company}\""},
    {"KeyID", "\"{guid}\""},
    {"Name", "\"{Monitoring|Web shop|Old scanner}\""},
    {"ExpiresOn", "{@2592000|null|@-864000}"},
    {"Enabled", "{true|true|false}"},
    {"AccessScopeID", "\"{MONITOR|SHOP|}\""},
    {"AllCompanies", "{true|false|false}"},
    {"LastUpdated", "\"2023-10-06T00:00:00\""},
    {"KeyHash", "\"hash-of-key-{n}\""},
    {NULL, NULL},
};

/* Facts §7.3. */
static const struct simulator_column agent_columns[] = {
    {"AgentID", "\"SystemTaskAgent\""},
    {"AgentDesc", "\"System Task Agent\""},
    {"AgentStatus", "\"Running\""},
    {"Started", "true"},
    {"StartedOn", "{@-86400}"},
    {"AutoStart", "true"},
    {"MaxSimultaneousTasks", "5"},
    {"SysUserID", "\"task-agent-user\""},
    {"SysPassWord", "\"task-agent-password\""},
    {NULL, NULL},
};

static const struct simulator_column schedule_columns[] = {
    {"AgentID", "\"SystemTaskAgent\""},
    {"AgentSchedNum", "{n}"},
    {"SchedDesc", "\"{Nightly MRP|Every 5 minutes|Month end}\""},
    {"SchedType", "\"{Daily|Interval|Monthly}\""},
    {"Enabled", "{true|true|false}"},
    {"NextRunOn", "{@3600|@120|@-86400}"},
    {"LastRunOn", "{@-82800|@-180|@-2592000}"},
    {"IntervalTime", "{0|300|0}"},
    {"ProcessingStartedOn", "null"},
    {NULL, NULL},
};

static const struct simulator_column task_columns[] = {
    {"SysTaskNum", "{n}"},
    {"TaskDescription", "\"{MRP Processing|Posting Engine|PO Suggestions|Data Fix}\""},
    {"TaskType", "\"Process\""},
    {"StartedOn", "{@-600|@-60|@-7200|@-900}"},
    {"EndedOn", "{null|@-30|@-7000|@-800}"},
    {"SubmitUser", "\"person{n}\""},
    {"TaskStatus", "\"{Active|Complete|Complete|Error}\""},
    {"Company", "\"{EPIC06|EPIC06|EPIC07|EPIC06}\""},
    {"AgentID", "\"SystemTaskAgent\""},
    {"AgentSchedNum", "{n%3}"},
    {"AgentTaskNum", "{n}"},
    {"RunProcedure", "\"{Erp.Internal.MR.MrpExp.dll|Erp.Internal.PE.PostEng.dll|Erp.Internal.PO.PoSug.dll|"
                     "Erp.Internal.XA.DataFix.dll}\""},
    {"InitiatorSource", "\"{Agent|Agent|Client|Client}\""},
    {"ActivityMsg", "\"\""},
    {"History", "{false|true|true|false}"},
    {"LastActivityOn", "{@-30}"},
    {"ProgressPercent", "{40|100|100|10}"},
    {"IsSystemTask", "false"},
    {"ErrorMsg", "\"{|||It broke.}\""},
    {NULL, NULL},
};

static const struct simulator_column task_log_columns[] = {
    {"SysTaskNum", "4"},
    {"EntryNum", "{n}"},
    {"EnteredOn", "{@-800}"},
    {"IsError", "{false|true}"},
    {"MsgText", "\"{Begin|It broke.}\""},
    {"MsgType", "\"{Info|Error}\""},
    {NULL, NULL},
};

static const struct simulator_column version_columns[] = {
    {"SystemCode", "\"ERP\""},
    {"SystemVersion", "\"11.3\""},
    {"ReleaseOrder", "{n}"},
    {"ReleaseDate", "\"2023-10-06T00:00:00\""},
    {NULL, NULL},
};

static const struct simulator_column mail_columns[] = {
    {"Success", "{true|true|true|false}"},
    {"ErrorMessage", "\"{|||The server refused the recipient.}\""},
    {"SentOn", "{@-300}"},
    {NULL, NULL},
};

static const struct {
    const char *name;
    const struct simulator_column *columns;
    uint64_t rows;
} entities[] = {
    {"Ice.BO.AdminSessionSvc/List", session_columns, 20},
    {"Ice.BO.APIKeySvc/APIKeys", key_columns, 3},
    {"Ice.BO.SysAgentSvc/SysAgents", agent_columns, 1},
    {"Ice.BO.SysAgentSvc/SysAgentScheds", schedule_columns, 3},
    {"Ice.BO.SysTaskSvc/SysTasks", task_columns, 4},
    {"Ice.BO.SysTaskSvc/SysTaskLogs", task_log_columns, 2},
    {"Ice.BO.SysMonitorTasksSvc/SysMonitorTasks", task_columns, 4},
    {"Ice.BO.ProductVersionSvc/ProductVersions", version_columns, 1},
    {"Ice.BO.MailLogSvc/MailLogs", mail_columns, 4},
};

/* ---- methods
 * ---------------------------------------------------------------------------------------------------- */

#define SESSION_MOD   "Ice.LIB.SessionModSvc/"
#define ADMIN_SESSION "Ice.BO.AdminSessionSvc/"
#define HEALTH        "Ice.BO.HealthCheckSvc/"

/* The values of a version are made up; that they are strings is known (facts §7.2). Processes and reports: a service of either sort
   has GetNewParameters, which reads (a guess, as are the two services' names). */
static const struct simulator_method methods[] = {
    {.name = SESSION_MOD "GetPatchLevel", .return_obj = "\"11.3.100.7\""},
    {.name = SESSION_MOD "GetPatchLevelApp", .return_obj = "\"11.3.100.7\""},
    {.name = SESSION_MOD "GetBaseLevel", .return_obj = "\"11.3.100\""},
    {.name = SESSION_MOD "GetBaseLevelApp", .return_obj = "\"11.3.100\""},
    {.name = SESSION_MOD "GetSystemCodeApp", .return_obj = "\"ERP\""},
    {.name = SESSION_MOD "GetCustomVersion", .return_obj = "\"\""},
    {.name = SESSION_MOD "GetRequiredDBVersionApp", .return_obj = "\"11.3.100.7\""},
    {.name = SESSION_MOD "AssertConversionsPending", .return_obj = "false"},
    {.name = SESSION_MOD "GetLicense", .wants = "companyID"},
    {.name = ADMIN_SESSION "GetList",
     .rows = ADMIN_SESSION "List",
     .rows_as = "AdminSessionList",
     .get = true},
    {.name = ADMIN_SESSION "GetSessionList", .rows = ADMIN_SESSION "List", .rows_as = "AdminSessionList"},
    {.name = ADMIN_SESSION "GetFilteredSessionList",
     .rows = ADMIN_SESSION "List",
     .rows_as = "AdminSessionList",
     .wants = "filter"},
    {.name = ADMIN_SESSION "IsLockedForSessionCreation", .return_obj = "false"},
    {.name = ADMIN_SESSION "GetSessionIdleTimeout", .return_obj = "480", .get = true},
    {.name = "Ice.BO.AdminLicensingSvc/GetLicenseList"},
    {.name = "Ice.BO.AdminLicensingSvc/GetLicense", .wants = "installationId"},
    {.name = "Erp.BO.CompanyLicenseInfoSvc/GetLicense"},
    {.name = HEALTH "ErpAlive"},
    {.name = HEALTH "DatabaseAlive", .return_obj = "12"},
    {.name = HEALTH "ReportServerAlive"},
    {.name = HEALTH "ListCompanies", .return_obj = "\"EPIC06,EPIC07\""},
    {.name = HEALTH "CountImmediateSched",
     .parameters = "{\"count\":2,\"earliest\":\"{now}\"}",
     .wants = "cutOffMinutes"},
    {.name = HEALTH "GetTaskDetails", .return_obj = "\"no details\""},
    {.name = "Erp.BO.PartSvc/GetRows", .rows = "Erp.BO.PartSvc/Parts", .rows_as = "Part", .get = true},
    {.name = "Erp.BO.PartSvc/GetList", .rows = "Erp.BO.PartSvc/Parts", .rows_as = "PartList", .get = true},
    {.name = "Erp.BO.PartSvc/GetByID",
     .return_obj =
         "{\"Part\":[{\"Company\":\"{company}\",\"PartNum\":\"P-1\",\"PartDescription\":\"Bracket\","
         "\"UnitPrice\":1.99,\"InActive\":false}],\"PartPlant\":[]}",
     .wants = "partNum",
     .get = true},
    {.name = "Erp.PROC.MrpExpSvc/GetNewParameters",
     .return_obj = "{\"MrpExpParam\":[{\"AgentID\":\"\",\"RunFinite\":false,\"MaxThreads\":1}]}"},
    {.name = "Erp.RPT.JobTravSvc/GetNewParameters",
     .return_obj = "{\"JobTravParam\":[{\"AgentID\":\"\",\"Copies\":1}]}"},
};

char *sim_current_values(bool production)
{
    struct sim_text parameters = {0};
    sim_text_printf(
        &parameters,
        "{\"companyID\":\"{company}\",\"siteID\":\"MfgSys\",\"tenantID\":\"\",\"accessScopeID\":\"\","
        "\"isProductionInstance\":%s,\"enabledFeatureFlags\":[\"one\",\"two\"]}",
        production ? "true" : "false");
    return parameters.data;
}

void simulator_set_production(struct simulator *simulator, bool production)
{
    char *parameters = sim_current_values(production);
    simulator_set_method(simulator,
                         &(struct simulator_method){.name = SESSION_MOD "GetCurrentValuesFromServer",
                                                    .parameters = parameters});
    free(parameters);
}

void sim_services_start(struct simulator *simulator)
{
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
        simulator_set_entity(simulator, entities[i].name, entities[i].columns, entities[i].rows);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        simulator_set_method(simulator, &methods[i]);
    simulator_set_production(simulator, true);
}
